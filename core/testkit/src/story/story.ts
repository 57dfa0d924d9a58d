import { type Abi, abiCamflow09, type Origin } from '@camflow/api';
import { createRandom } from '../records/random.ts';
import { copy, download, pipeline, unpack, upload } from './chapters.ts';
import { debug, disclose, startUp, talk, tinker } from './rarities.ts';
import { StoryKernel } from './story-kernel.ts';
import { type StoryChunk, Streams } from './streams.ts';
import { storySecurityContexts, World } from './world.ts';

/** What a story is made from. */
export interface StoryOptions {
  /** Records to make. From {@link completeStoryRecords} on, every type of record occurs. */
  readonly records: number;
  /** Equal seeds give equal bytes. Default 1. */
  readonly seed?: number;
  /** CPUs that records are written on. Default 2. */
  readonly cpus?: number;
  /** The interface of the records. Default camflow-0.9. */
  readonly abi?: Abi;
}

/** A synthetic capture of a whole system. */
export interface Story {
  readonly origin: Origin;
  /** Texts of the security contexts that its nodes carry. */
  readonly securityContexts: readonly (readonly [secid: number, text: string])[];
  /**
   * The records, piece by piece, in bounded memory. Each call tells the story from its beginning. A record may
   * refer to records of any earlier piece, and of its own.
   */
  chunks(): Generator<StoryChunk>;
}

/** A story of this many records holds every type of node and relation at least once. */
export const completeStoryRecords = 3000;

const machine = {
  cam_major: 0,
  cam_minor: 9,
  cam_patch: 0,
  sysname: 'Linux',
  nodename: 'storyteller',
  release: '6.1.0-camflow',
  version_text: '#1 SMP PREEMPT_DYNAMIC',
  machine: 'x86_64',
  domainname: '(none)',
  commit: '8c1d4f6e0b6a3d59a2c0f3b7d8e9a1b2c3d4e5f6',
};

/**
 * A story: wget downloads an archive from a server on the same machine, tar unpacks it, cut, sort and uniq count,
 * cp copies, curl uploads; and again another day. In between, the rarer things that a kernel records. The
 * graph is true: every relation refers to nodes, in their versions, that were written before it.
 */
export function createStory(options: StoryOptions): Story {
  const { records, seed = 1, cpus = 2, abi = abiCamflow09 } = options;
  const origin: Origin = { abi: abi.id, machineId: 0x51_0e_77, bootId: 1 + (seed & 0xff), epoch: 2 };
  function* chunks(): Generator<StoryChunk> {
    const streams = new Streams(abi, cpus, records);
    const kernel = new StoryKernel(origin, streams, machine);
    const world = new World(kernel, createRandom(seed), cpus);
    for (let day = 0; ; day++) {
      for (const episode of episodes(world, day)) {
        episode();
        yield* streams.take();
        if (streams.full) return;
      }
    }
  }
  return { origin, securityContexts: storySecurityContexts, chunks };
}

function episodes(world: World, day: number): (() => void)[] {
  const date = `2023-${String(1 + (Math.floor(day / 28) % 12)).padStart(2, '0')}-${String(1 + (day % 28)).padStart(2, '0')}`;
  const work = (): void => {
    const archive = download(world, date);
    const files = unpack(world, date, archive);
    const result = pipeline(world, date, files);
    upload(world, copy(world, date, result));
  };
  const rare = day % 16 === 0 ? [debug, talk, tinker, disclose] : [];
  const first = day === 0 ? [startUp] : [];
  return [...first, ...rare].map((episode) => () => episode(world)).concat(work);
}
