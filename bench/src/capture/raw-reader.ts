// In the guest: records the whole system and throws it away, until it is told to stop. The least that a reader does.
import { openCapture } from '@camflow/kernel';

const slab = new Uint8Array(4 << 20);
const capture = openCapture({ ringBytes: Number(process.argv[2] ?? 64) << 20 });
let reading = true;
process.once('SIGTERM', () => {
  reading = false;
  capture.watch.wake();
});
capture.enable({ all: true, argumentLimit: 131_072 });
process.stderr.write('reading\n');
while (reading) {
  let found = 0;
  for (const ring of capture.rings) {
    const { records, end } = ring.read(slab, ring.end);
    ring.release(end);
    found += records;
  }
  // A moment for signals; a sleep where nothing is left.
  if (found === 0) await capture.watch.sleep(1000);
  else await new Promise((resolve) => setImmediate(resolve));
}
capture.disable();
capture.close();
