import { writeFileSync } from 'node:fs';

/** Marks of AppArmor's form of a policy: each value is one of these, then its bytes. */
const tags = { u32: 2, name: 4, string: 5, struct: 7, structEnd: 8 } as const;
const formVersion = 5;
/** A profile that stands for itself and allows everything. */
const unconfinedMode = 3;

/**
 * Loads a profile of AppArmor that allows everything and only gives a name to what runs under it, without a parser: the
 * kernel is given its own form of it.
 */
export function loadProfile(name: string): void {
  const bytes = Buffer.concat([
    named('version'),
    number(formVersion),
    named('profile'),
    tag('struct'),
    text('string', name),
    named('flags'),
    tag('struct'),
    ...[0, unconfinedMode, 0].map(number),
    tag('structEnd'),
    // Capabilities: none is named, as none is refused.
    ...[0, 0, 0, 0].map(number),
    tag('structEnd'),
  ]);
  writeFileSync('/sys/kernel/security/apparmor/.load', bytes);
}

function tag(kind: keyof typeof tags): Buffer {
  return Buffer.of(tags[kind]);
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes.writeUInt8(tags.u32);
  bytes.writeUInt32LE(value, 1);
  return bytes;
}

function named(name: string): Buffer {
  return text('name', name);
}

/** With its length before it and a NUL behind, which counts. */
function text(kind: 'name' | 'string', value: string): Buffer {
  const size = Buffer.alloc(2);
  size.writeUInt16LE(value.length + 1);
  return Buffer.concat([tag(kind), size, Buffer.from(`${value}\0`)]);
}
