// Prints what the pinned programs counted, as JSON: nothing yet where none are pinned. Runs in the guest.
import { isCapturePinned, PinnedCapture, programFigures, relationCounts } from '@camflow/kernel';

function counts(): object {
  if (!isCapturePinned()) return { totals: {}, relations: {}, programs: [] };
  const capture = new PinnedCapture();
  const totals = capture.counts();
  capture.close();
  return { totals, relations: Object.fromEntries(relationCounts()), programs: programFigures() };
}

console.log(JSON.stringify(counts()));
