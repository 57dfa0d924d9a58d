import { decodeText } from '@camflow/api';

/** `struct secinfo`: secid, text, length of the text, and fields that a question leaves zero. */
const secinfoBytes = 4120;
const textOffset = 4;
const textBytes = 4096;
const lengthOffset = 4100;

/** The question for the text of a security context: a `struct secinfo` with its number. */
export function secinfoQuestion(secid: number): Buffer {
  const question = Buffer.alloc(secinfoBytes);
  question.writeUInt32LE(secid);
  return question;
}

/** The text of an answer; undefined where it answers another question or has no text. */
export function secinfoText(answer: Buffer, secid: number): string | undefined {
  if (answer.readUInt32LE() !== secid) return undefined;
  const length = Math.min(answer.readUInt32LE(lengthOffset), textBytes);
  const bytes = answer.subarray(textOffset, textOffset + length);
  const end = bytes.indexOf(0);
  return bytes.length === 0 || end === 0
    ? undefined
    : decodeText(end === -1 ? bytes : bytes.subarray(0, end));
}
