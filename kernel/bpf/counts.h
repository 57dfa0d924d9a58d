/* SPDX-License-Identifier: GPL-2.0-only */
/* What the programs count, and the numbers of relations that they count by. */
#ifndef CAMFLOW_COUNTS_H
#define CAMFLOW_COUNTS_H

/* Entries of cf_counts: six classes of 64 bits. */
#define CF_COUNTS 384

/* What the programs did on one CPU since loading. */
struct cf_stats {
	__u64 taken;		/* sequence numbers taken: the number of the CPU's next record */
	__u64 ring_full;	/* records that found no room: taken = recorded + ring_full */
	__u64 state_failures;	/* objects for which no state could be made; what happened to them is missing */
	__u64 truncated;	/* texts cut */
	__u64 contended;	/* versions not made because others kept changing the node */
	__u64 shed;		/* relations that were switched off under load */
	__u64 senders_kept;	/* ends that a sender was kept for; cf_sent forgets the one that was sent to longest ago */
	__u64 senders_gone;	/* of these, ends that are gone: what is in neither was forgotten */
};

/* What became of one type of relation on one CPU. Each that was offered is in exactly one of the others. */
struct cf_count {
	__u64 offered;
	__u64 written;
	__u64 compressed;	/* the same as the last into its node */
	__u64 filtered;		/* by a filter */
	__u64 unselected;	/* not tracked, or opaque */
	__u64 lost;		/* found no room */
	__u64 shed;		/* switched off under load */
};

/* A relation's number: the key into cf_counts. Its type code is its class's code and 1 << bit. */
#define CF_RELATION(class, bit) ((class) << 6 | (bit))
#define CF_RELATION_CLASS(relation) ((relation) >> 6)
#define CF_RELATION_BIT(relation) ((relation) & 63)

#define CF_DERIVED	0u
#define CF_GENERATED	1u
#define CF_USED		2u
#define CF_INFORMED	3u
#define CF_INFLUENCED	4u
#define CF_ASSOCIATED	5u

#endif
