/**
 * Who gives which identifiers of nodes and relations: the programs, from another place up with every load, and above all
 * of theirs whoever discloses.
 */

/** As many as a machine gives in weeks: 4.4 million million. */
export const idsOfOneLoad: bigint = 2n ** 42n;

/** Where those of what is disclosed begin. */
export const firstDisclosedId: bigint = 2n ** 52n;

/** After so many loads it begins anew. */
export const mostLoads: bigint = firstDisclosedId / idsOfOneLoad;
