import type { Registry } from 'prom-client'

const name = 'fedcache_http_request_duration_seconds'
const help = 'Time from a request to the end of its answer; streams are not counted.'
const bounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  readonly labels: Readonly<Record<string, string | number>>
  /** Requests by the smallest bound they keep within, the last for those beyond all. */
  readonly counts: number[]
  sum: number
}

/** A histogram of how long requests took. Counting is a look-up and two additions; prom-client's own hashes labels. */
export class RequestDurations {
  readonly #series = new Map<string, Series>()

  /** Counts one request. Each combination of the first three is kept for ever. */
  observe(method: string, path: string, status: number, seconds: number): void {
    const key = `${method} ${path} ${status}`
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { labels: { method, path, status }, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }
      this.#series.set(key, series)
    }
    let index = 0
    while (index < bounds.length && seconds > bounds[index]!) index++
    series.counts[index]!++
    series.sum += seconds
  }

  /** Lets a registry print the histogram. */
  register(registry: Registry): void {
    // All that a registry asks of a metric.
    registry.registerMetric({
      name,
      get: async () => ({ name, help, type: 'histogram', values: this.#values() }),
    } as never)
  }

  #values(): readonly object[] {
    return Array.from(this.#series.values()).flatMap(({ labels, counts, sum }) => {
      let total = 0
      const buckets = counts.map((count, index) => {
        total += count
        return { metricName: `${name}_bucket`, labels: { le: bounds[index] ?? '+Inf', ...labels }, value: total }
      })
      return [
        ...buckets,
        { metricName: `${name}_sum`, labels, value: sum },
        { metricName: `${name}_count`, labels, value: total },
      ]
    })
  }
}
