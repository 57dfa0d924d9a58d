import type { LabelTable, ProvenanceNode } from '@camflow/kernel';

/** The text of `--file` and `--process`, in CamFlow's words; labels, which it has not, on a line of their own. */
export function nodeText(node: ProvenanceNode, what: 'File' | 'Process', labels: LabelTable): string {
  const { tracked, opaque, propagate } = node.marks;
  const names = labels.namesOf(node.taint);
  return [
    `Identifier: ${node.identifier}`,
    // CamFlow names the type of a file and numbers that of a process.
    `Type: ${what === 'File' ? (node.type?.name ?? 'unknown') : node.code}`,
    `ID: ${node.id}`,
    `Boot ID: ${node.bootId}`,
    `Machine ID: ${node.machineId}`,
    ...(what === 'File' ? [`Version: ${node.version}`] : []),
    `Taint: ${node.taint.toString(16).toUpperCase()}`,
    ...(names.length > 0 ? [`Labels: ${names.join(', ')}`] : []),
    '',
    `${what} is${tracked ? '' : ' not'} tracked.`,
    `${what} is${opaque ? '' : ' not'} opaque.`,
    propagate ? `${what} propagates tracking.` : `${what} is not propagating tracking.`,
  ].join('\n');
}

/** The same for programs. */
export function nodeJson(node: ProvenanceNode, labels: LabelTable): Readonly<Record<string, unknown>> {
  return {
    identifier: node.identifier,
    type: node.type?.name ?? null,
    code: String(node.code),
    id: String(node.id),
    bootId: node.bootId,
    machineId: node.machineId,
    version: node.version,
    taint: `0x${node.taint.toString(16)}`,
    labels: labels.namesOf(node.taint),
    ...node.marks,
  };
}
