// In the guest: says what the programs took and lost, in one line of JSON.
import { Channel, missedRuns, PinnedCapture } from '@camflow/kernel';

const capture = new PinnedCapture(Channel.main);
const { taken, ring_full, state_failures } = capture.counts();
capture.close();
const lost = Number(ring_full) + Number(state_failures) + missedRuns(Channel.main);
console.log(JSON.stringify({ tag: process.argv[2], name: 'losses', taken: Number(taken), lost }));
