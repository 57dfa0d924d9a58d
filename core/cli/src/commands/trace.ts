import { describeOrigins } from '../trace/describe-origins.ts';
import { readProvenance } from '../trace/provenance-graph.ts';
import { traceOrigins } from '../trace/trace-origins.ts';

/** What `camflow trace` is asked for. */
export interface TraceRequest {
  /** Path of a file, or the end of it. */
  readonly name: string;
  /** A recording in PROV-JSON or SPADE's JSON. */
  readonly recording: string;
  /** Whether to name programs, libraries and devices too. */
  readonly withSystem: boolean;
}

/**
 * Follows a file back to what it was made of.
 * @returns for people
 * @throws CamflowError `USAGE`
 */
export async function trace({ name, recording, withSystem }: TraceRequest): Promise<string> {
  return describeOrigins(traceOrigins(await readProvenance(recording), name, withSystem));
}
