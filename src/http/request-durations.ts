import type { Registry } from 'prom-client'

const name = 'fedcache_http_request_duration_seconds'
const help = 'Time from a request to the end of its answer; streams are not counted.'
const bounds: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  readonly labels: { readonly method: string; readonly path: string; readonly status: number }
  /** Requests by the smallest bound they keep within, the last for those beyond all. */
  readonly counts: number[]
  sum: number
}

const routes: ReadonlySet<string> = new Set(['/graphql', '/health', '/ready', '/metrics'])
const methods: ReadonlySet<string> = new Set(['GET', 'POST', 'HEAD', 'OPTIONS'])
const other = 'other'

/** A histogram of how long requests took. Counting is a look-up and two additions; prom-client's own hashes labels. */
export class RequestDurations {
  readonly #series: Series[] = []

  /** Counts one request. Methods and paths that this server does not know are counted together. */
  observe(method: string, path: string, status: number, seconds: number): void {
    const series = this.#known(method, path, status) ?? this.#named(method, path, status)
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

  /** There are few, and those that come often come early: comparing them is less than hashing one text of all three. */
  #known(method: string, path: string, status: number): Series | undefined {
    for (const series of this.#series) {
      const { labels } = series
      if (labels.method === method && labels.path === path && labels.status === status) return series
    }
    return undefined
  }

  /** Paths and methods are whatever clients write; each new label would be kept for ever. */
  #named(method: string, path: string, status: number): Series {
    const labels = { method: methods.has(method) ? method : other, path: routes.has(path) ? path : other, status }
    return this.#known(labels.method, labels.path, status) ?? this.#begun(labels)
  }

  #begun(labels: Series['labels']): Series {
    const series = { labels, counts: Array.from({ length: bounds.length + 1 }, () => 0), sum: 0 }
    this.#series.push(series)
    return series
  }

  #values(): readonly object[] {
    return this.#series.flatMap(({ labels, counts, sum }) => {
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
