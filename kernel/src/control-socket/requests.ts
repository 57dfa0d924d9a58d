import { CamflowError } from '@camflow/api';
import {
  type DisclosedAttributes,
  type DisclosedClass,
  type DisclosedRelation,
  disclosedRelations,
} from '../control/disclosure.ts';

/** The end of a relation that stands for the calling process itself. */
export const ownProcess = 'process';

/** What may be asked for over the socket. */
export type SocketRequest =
  | { readonly ask: 'state' }
  | {
      readonly ask: 'disclose';
      readonly class: DisclosedClass;
      readonly attributes: DisclosedAttributes;
      /** Whether a relation to the calling process is made, too. */
      readonly link: boolean;
    }
  | {
      readonly ask: 'relate';
      readonly relation: DisclosedRelation;
      /** Identifiers in base64, or {@link ownProcess}. */
      readonly from: string;
      readonly to: string;
    };

/** A request, with what the answer is to carry so that it is known for one. */
export interface NumberedRequest {
  readonly id: number;
  readonly request: SocketRequest;
}

const classes: readonly DisclosedClass[] = ['activity', 'agent', 'entity'];

/**
 * Reads one line of a client. What the attributes hold is checked where they are used.
 * @throws CamflowError `DISCLOSURE_REFUSED`: what is wrong with it
 */
export function parseRequest(line: string): NumberedRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw refuse('a line is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('a line is not an object');
  const fields = value as Readonly<Record<string, unknown>>;
  const { id, ask } = fields;
  if (typeof id !== 'number' || !Number.isSafeInteger(id)) throw refuse('"id" is not a whole number');
  switch (ask) {
    case 'state':
      return { id, request: { ask } };
    case 'disclose':
      return { id, request: disclosure(fields) };
    case 'relate':
      return { id, request: relation(fields) };
    default:
      throw refuse('"ask" is none of state, disclose and relate');
  }
}

function disclosure(fields: Readonly<Record<string, unknown>>): SocketRequest {
  const nodeClass = classes.find((name) => name === fields['class']);
  if (nodeClass === undefined) throw refuse('"class" is none of activity, agent and entity');
  const link = fields['link'] ?? true;
  if (typeof link !== 'boolean') throw refuse('"link" is not a boolean');
  const attributes = (fields['attributes'] ?? {}) as DisclosedAttributes;
  return { ask: 'disclose', class: nodeClass, attributes, link };
}

function relation(fields: Readonly<Record<string, unknown>>): SocketRequest {
  const found = disclosedRelations.find((name) => name === fields['relation']);
  if (found === undefined) throw refuse(`"relation" is none of ${disclosedRelations.join(', ')}`);
  const { from, to } = fields;
  if (typeof from !== 'string' || typeof to !== 'string') throw refuse('"from" and "to" are not texts');
  return { ask: 'relate', relation: found, from, to };
}

/** The error of a request that is not acceptable. */
export function refuse(why: string): CamflowError {
  return new CamflowError('DISCLOSURE_REFUSED', `The request cannot be understood: ${why}`);
}
