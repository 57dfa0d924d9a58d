import { encodeText, type Origin, relationTypeNamed } from '@camflow/api';
import type { FieldValue } from '../records/field-value.ts';
import { pathId } from '../records/identifier.ts';
import { nodeRecord } from '../records/record-writer.ts';
import { advance, createNode, type StoryNode } from './story-node.ts';
import type { Streams } from './streams.ts';

/** A process of the story: its thread and the state of its memory and credentials. */
export interface StoryProcess {
  readonly task: StoryNode;
  readonly memory: StoryNode;
  /** CPU it runs on. */
  cpu: number;
  /** File that it maps and shares with others, if any. */
  shared?: StoryNode;
}

/** What a relation says beside its two ends. */
export interface RelationDetails {
  readonly flags?: number;
  /** Position in the file. */
  readonly offset?: number;
}

/**
 * Records as the kernel does it: a node is written before the first relation that refers to it, what flows into a
 * node that others already depend on makes a new version, and an inflow that repeats the last one is left out.
 */
export class StoryKernel {
  readonly machine: StoryNode;
  #nodes = 0;
  #relations = 0;
  #jiffies = 4_294_937_296;
  #current: StoryProcess | undefined;
  readonly #origin: Origin;
  readonly #streams: Streams;

  constructor(origin: Origin, streams: Streams, machineFields: Record<string, FieldValue>) {
    this.#origin = origin;
    this.#streams = streams;
    this.machine = createNode('machine', { ...this.#identity(1), ...machineFields });
  }

  /** Makes an object; it is written when something first refers to it. */
  node(type: string, fields: Record<string, FieldValue> = {}): StoryNode {
    return createNode(type, { ...this.#identity(0), ...fields });
  }

  /** A packet: named by its header fields. */
  packet(fields: Record<string, FieldValue>): StoryNode {
    const node = this.node('packet');
    const identifier = nodeRecord('packet', fields).slice(0, 32);
    return { ...node, identifier, fields };
  }

  /** Lets a process run: what follows happens in it. */
  run(process: StoryProcess): void {
    this.#current = process;
  }

  /** `path -named-> node`; the node carries the name from here on. */
  name(path: string, node: StoryNode): void {
    const bytes = encodeText(path);
    const name = createNode('path', { ...this.#identity(0), id: pathId(bytes), name: bytes });
    node.fields.name_id = name.identifier;
    this.relate('named', name, node);
  }

  /** Records an inflow from `from` into `to`. */
  relate(relation: string, from: StoryNode, to: StoryNode, details: RelationDetails = {}): void {
    const inflow = `${relation} ${Buffer.from(from.identifier).toString('latin1')}`;
    if (to.lastInflow === inflow) return;
    to.lastInflow = inflow;
    if (to.hasOutgoing && relation !== 'named' && to.type.name !== 'packet') this.#newVersion(to);
    from.hasOutgoing = true;
    this.#write(from);
    this.#write(to);
    this.#writeRelation(relation, from.identifier, to.identifier, details);
  }

  /** The current process takes in something: `entity -relation-> task`, and its memory changes. */
  uses(relation: string, entity: StoryNode, details: RelationDetails = {}): void {
    const { task, memory, shared } = this.#process();
    this.relate(relation, entity, task, details);
    this.#ranOn(task);
    this.relate('memory_write', task, memory);
    if (shared) this.relate('sh_write', memory, shared);
  }

  /** The current process gives something out: from its memory through `task -relation-> entity`. */
  generates(relation: string, entity: StoryNode, details: RelationDetails = {}): void {
    const { task, memory, shared } = this.#process();
    if (shared) this.relate('sh_read', shared, memory);
    this.relate('memory_read', memory, task);
    this.#ranOn(task);
    this.relate(relation, task, entity, details);
  }

  /** Something enters the kernel itself. */
  influencesKernel(relation: string, entity: StoryNode): void {
    const { task } = this.#process();
    this.relate('load_file', entity, task);
    this.relate(relation, task, this.machine);
  }

  /** The object ends: `old -relation-> new version`. */
  ends(relation: string, node: StoryNode): void {
    this.#write(node);
    const before = node.identifier;
    advance(node);
    this.#write(node);
    this.#writeRelation(relation, before, node.identifier, {});
  }

  #process(): StoryProcess {
    if (this.#current === undefined) throw new Error('no process of the story runs');
    return this.#current;
  }

  #identity(version: number): Record<string, FieldValue> {
    const { bootId, machineId } = this.#origin;
    return { id: ++this.#nodes, boot_id: bootId, machine_id: machineId, version };
  }

  #ranOn(task: StoryNode): void {
    if (task.fields.k_version === this.machine.fields.version) return;
    task.fields.k_version = this.machine.fields.version!;
    this.relate('ran_on', this.machine, task);
  }

  #newVersion(node: StoryNode): void {
    this.#write(node);
    const before = node.identifier;
    const relation = node.type.class === 'activity' ? 'version_activity' : 'version_entity';
    advance(node);
    this.#write(node);
    this.#writeRelation(relation, before, node.identifier, {});
  }

  #write(node: StoryNode): void {
    if (node.written) return;
    node.written = true;
    node.fields.epoch = this.#origin.epoch;
    node.fields.jiffies = this.#tick();
    if (node.type.name === 'task') {
      node.fields.utime = Number(node.fields.utime ?? 0) + 4000;
      node.fields.rbytes = Number(node.fields.rbytes ?? 0) + 512;
    }
    this.#streams.add(this.#current?.cpu ?? 0, node.type, node.fields);
  }

  #writeRelation(relation: string, snd: Uint8Array, rcv: Uint8Array, details: RelationDetails): void {
    const type = relationTypeNamed(relation);
    if (type === undefined) throw new Error(`no relation type is named ${relation}`);
    this.#streams.add(this.#current?.cpu ?? 0, type, {
      id: ++this.#relations,
      boot_id: this.#origin.bootId,
      machine_id: this.#origin.machineId,
      epoch: this.#origin.epoch,
      jiffies: this.#tick(),
      snd,
      rcv,
      set: details.offset === undefined ? 0 : 1,
      offset: details.offset,
      flags: details.flags,
      task_id: this.#current?.task.fields.id,
    });
  }

  #tick(): number {
    this.#jiffies += this.#relations % 7 === 0 ? 1 : 0;
    return this.#jiffies;
  }
}
