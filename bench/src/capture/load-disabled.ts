// In the guest: loads the programs and leaves them pinned, capture disabled.
import { openCapture } from '@camflow/kernel';

openCapture({ ringBytes: 8 << 20 }).close();
