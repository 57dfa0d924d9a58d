// Prints what the pinned programs counted, as JSON: nothing yet where none are pinned. Runs in the guest.
import { Channel, isCapturePinned, PinnedCapture, programFigures, relationCounts } from '@camflow/kernel';

function counts(): object {
  if (!isCapturePinned(Channel.main)) return { totals: {}, relations: {}, programs: [] };
  const capture = new PinnedCapture(Channel.main);
  const totals = capture.counts();
  capture.close();
  return {
    totals,
    relations: Object.fromEntries(relationCounts(Channel.main)),
    programs: programFigures(Channel.main),
  };
}

console.log(JSON.stringify(counts()));
