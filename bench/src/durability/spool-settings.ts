/** A way to spool: a column of the table. The first is what the others are held against. */
export interface SpoolSetting {
  readonly title: string;
  /** Options of the section of each output. */
  readonly options: readonly string[];
  /** Whether every unit is written to the disk before the output gets it. */
  readonly writesAll?: true;
}

/** The columns of the table. */
export const spoolSettings: readonly [SpoolSetting, ...SpoolSetting[]] = [
  { title: 'off', options: ['spool=off'] },
  { title: 'overflow', options: ['spool=overflow'] },
  { title: 'always', options: ['spool=always'] },
  { title: 'always, delay 0', options: ['spool=always', 'spool_delay_ms=0'], writesAll: true },
];
