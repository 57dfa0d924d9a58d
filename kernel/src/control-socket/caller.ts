import { CamflowError } from '@camflow/api';
import type { DisclosedAttributes, DisclosedClass, DisclosedRelation } from '../control/disclosure.ts';
import type { PeerProcess } from './peer-process.ts';
import { ownProcess } from './requests.ts';

/** Publishes what a process tells of itself. */
export interface Discloser {
  /**
   * The identifier of the activity that stands for a process, 32 bytes; its node is published where it was not.
   * @throws CamflowError `DISCLOSURE_REFUSED` where the process is gone
   */
  process(process: PeerProcess): Uint8Array;
  /** @returns the identifier of the new node */
  node(parent: Uint8Array, nodeClass: DisclosedClass, attributes: DisclosedAttributes): Uint8Array;
  relation(relation: DisclosedRelation, from: Uint8Array, to: Uint8Array): void;
}

/** Nodes that one connection may tell of. */
const mostNodes = 10_000;

/** What may stand at the ends of a relation. */
const ends: Readonly<
  Record<DisclosedRelation, readonly [from: DisclosedClass | 'any', to: DisclosedClass | 'any']>
> = {
  used: ['entity', 'activity'],
  generated: ['activity', 'entity'],
  informed: ['activity', 'activity'],
  derived: ['entity', 'entity'],
  associated: ['agent', 'activity'],
  influenced: ['any', 'any'],
};

/** How a node is tied to the process that tells of it. */
const links: Readonly<Record<DisclosedClass, readonly [relation: DisclosedRelation, toProcess: boolean]>> = {
  activity: ['informed', false],
  agent: ['associated', true],
  entity: ['generated', false],
};

interface Known {
  readonly nodeClass: DisclosedClass;
  readonly identifier: Uint8Array;
}

/**
 * The process that made a connection: it may tell of itself, and of nobody else. Whoever has the socket once it is gone
 * may not tell of anything.
 */
export class Caller {
  readonly #process: PeerProcess;
  readonly #discloser: Discloser;
  readonly #nodes = new Map<string, Known>();

  constructor(process: PeerProcess, discloser: Discloser) {
    this.#process = process;
    this.#discloser = discloser;
  }

  /** @returns the identifier of the node, in base64 */
  disclose(nodeClass: DisclosedClass, attributes: DisclosedAttributes, link: boolean): string {
    if (this.#nodes.size >= mostNodes) {
      throw new CamflowError('DISCLOSURE_REFUSED', `A connection tells of ${mostNodes} nodes at most`, {
        hint: 'Connect again.',
      });
    }
    const process = this.#discloser.process(this.#process);
    const identifier = this.#discloser.node(process, nodeClass, attributes);
    const text = Buffer.from(identifier).toString('base64');
    this.#nodes.set(text, { nodeClass, identifier });
    if (link) {
      const [relation, toProcess] = links[nodeClass];
      const [from, to] = toProcess ? [identifier, process] : [process, identifier];
      this.#discloser.relation(relation, from, to);
    }
    return text;
  }

  /** Relates nodes that this connection told of, or the process itself. */
  relate(relation: DisclosedRelation, from: string, to: string): void {
    this.#process.expectAlive();
    const [start, end] = [this.#known(from), this.#known(to)];
    const [wantedStart, wantedEnd] = ends[relation];
    this.#expect(relation, 'from', start, wantedStart);
    this.#expect(relation, 'to', end, wantedEnd);
    this.#discloser.relation(relation, start.identifier, end.identifier);
  }

  #known(text: string): Known {
    if (text === ownProcess) {
      return { nodeClass: 'activity', identifier: this.#discloser.process(this.#process) };
    }
    const known = this.#nodes.get(text);
    if (known !== undefined) return known;
    throw new CamflowError(
      'DISCLOSURE_REFUSED',
      `${text.slice(0, 60)} is no node that this connection told of`,
      {
        hint: `Use what disclose answered, or "${ownProcess}".`,
      },
    );
  }

  #expect(relation: string, end: string, { nodeClass }: Known, wanted: DisclosedClass | 'any'): void {
    if (wanted === 'any' || nodeClass === wanted) return;
    throw new CamflowError(
      'DISCLOSURE_REFUSED',
      `"${end}" of ${relation} is an ${nodeClass}, not an ${wanted}`,
    );
  }
}
