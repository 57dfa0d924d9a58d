import { closeSync, openSync, readdirSync, unlinkSync } from 'node:fs';
import { rootCgroup } from '../libc/cgroup-folder.ts';
import type { Channel } from './channel.ts';
import { checked, libbpf } from './libbpf.ts';

/** Programs that run when they are asked to, and cost nothing otherwise. */
const onDemand = /^cf_(?:iter|ask)_/;

/** Programs that notice the end of objects of which there may be state. */
const atEnds = /_free(?:_security)?$|^cf_exit_mmap$/;

/** Programs on the root cgroup, by the kernel's numbers for what they see there. */
const packetWays: ReadonlyMap<string, number> = new Map([
  ['cf_packet_ingress', 0],
  ['cf_packet_egress', 1],
]);

/** Attaches every program: what there is to record passes them from now on. Legal twice. */
export function attachPrograms(channel: Channel): void {
  attach(channel, () => true);
}

/**
 * Detaches the programs but for those at the ends of objects: what is known of an object must not outlive it. So a
 * capture that is disabled costs next to nothing, and nothing where it never was enabled.
 */
export function detachPrograms({ linkFolder }: Channel): void {
  for (const name of readdirSync(linkFolder)) {
    if (!onDemand.test(name) && !atEnds.test(name)) unlinkSync(`${linkFolder}/${name}`);
  }
}

/** Attaches the programs at the ends of objects. Legal twice. */
export function attachEnds(channel: Channel): void {
  attach(channel, (name) => atEnds.test(name));
}

function attach(channel: Channel, wanted: (name: string) => boolean): void {
  const attached = new Set(readdirSync(channel.linkFolder));
  for (const name of readdirSync(channel.programFolder)) {
    if (!attached.has(name) && !onDemand.test(name) && wanted(name)) attachOne(channel, name);
  }
}

function attachOne({ linkFolder, programFolder }: Channel, name: string): void {
  const path = `${programFolder}/${name}`;
  const program = checked('bpf_obj_get', path, libbpf().getPinned(path));
  try {
    const link = makeLink(name, program);
    // Without cgroups there is no place to see packets from: `camflow doctor` says so.
    if (link === undefined) return;
    try {
      checked('bpf_obj_pin', name, libbpf().pin(link, `${linkFolder}/${name}`));
    } finally {
      closeSync(link);
    }
  } finally {
    closeSync(program);
  }
}

function makeLink(name: string, program: number): number | undefined {
  const { attachTracing, attachTo } = libbpf();
  const way = packetWays.get(name);
  if (way === undefined) return checked('bpf_raw_tracepoint_open', name, attachTracing(null, program));
  const path = rootCgroup();
  if (path === undefined) return undefined;
  const folder = openSync(path, 'r');
  try {
    return checked('bpf_link_create', name, attachTo(program, folder, way, null));
  } finally {
    closeSync(folder);
  }
}
