import { closeSync, readdirSync, unlinkSync } from 'node:fs';
import { linkFolder, programFolder } from './layout.ts';
import { checked, libbpf } from './libbpf.ts';

/** Programs that run when they are asked to, and cost nothing otherwise. */
const onDemand = /^cf_(?:iter|ask)_/;

/** Programs that notice the end of objects of which there may be state. */
const atEnds = /_free(?:_security)?$|^cf_exit_mmap$/;

/** Attaches every program: what there is to record passes them from now on. Legal twice. */
export function attachPrograms(): void {
  attach(() => true);
}

/**
 * Detaches the programs but for those at the ends of objects: what is known of an object must not outlive it. So a
 * capture that is disabled costs next to nothing, and nothing where it never was enabled.
 */
export function detachPrograms(): void {
  for (const name of readdirSync(linkFolder)) {
    if (!onDemand.test(name) && !atEnds.test(name)) unlinkSync(`${linkFolder}/${name}`);
  }
}

/** Attaches the programs at the ends of objects. Legal twice. */
export function attachEnds(): void {
  attach((name) => atEnds.test(name));
}

function attach(wanted: (name: string) => boolean): void {
  const attached = new Set(readdirSync(linkFolder));
  for (const name of readdirSync(programFolder)) {
    if (!attached.has(name) && !onDemand.test(name) && wanted(name)) attachOne(name);
  }
}

function attachOne(name: string): void {
  const path = `${programFolder}/${name}`;
  const program = checked('bpf_obj_get', path, libbpf().getPinned(path));
  try {
    const link = checked('bpf_raw_tracepoint_open', name, libbpf().attachTracing(null, program));
    try {
      checked('bpf_obj_pin', name, libbpf().pin(link, `${linkFolder}/${name}`));
    } finally {
      closeSync(link);
    }
  } finally {
    closeSync(program);
  }
}
