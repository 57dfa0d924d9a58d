import type { RunFigures } from '@camflow/runtime';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { metrics } from './metrics-table.ts';

/** Makes the text that Prometheus reads, from figures as they are when it asks. */
export class MetricsText {
  readonly #registry: Registry = new Registry();

  constructor(figures: () => RunFigures) {
    // Memory, CPU time and open files of the process.
    collectDefaultMetrics({ register: this.#registry });
    for (const { name, type, help, labels, samples } of metrics) {
      const Kind = type === 'counter' ? Counter : Gauge;
      new Kind({
        name,
        help,
        labelNames: [...labels],
        registers: [this.#registry],
        collect() {
          this.reset();
          for (const { labels: given, value } of samples(figures(), Date.now()))
            this.inc({ ...given }, value);
        },
      });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
