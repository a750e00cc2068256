import Glibc
import Testing

@testable import VexFS

@Suite struct MetricsTests {
    private func lines(_ metrics: Metrics) -> [Substring] {
        String(decoding: metrics.prometheusText(), as: UTF8.self).split(separator: "\n")
    }

    @Test func namesAreUniqueAndFollowTheScheme() {
        var names = Metrics.Counter.allCases.map(\.name)
        names += Metrics.Histogram.allCases.map(\.name)
        names += Metrics.Gauge.allCases.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.hasPrefix("vexfs_"))
            #expect(name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F || (0x30...0x39).contains($0) })
        }
        #expect(Metrics.Counter.allCases.allSatisfy { $0.name.hasSuffix("_total") })
    }

    @Test func countersCount() {
        let metrics = Metrics()
        metrics.increment(.documentsCommitted)
        metrics.increment(.documentsCommitted, by: 4)
        #expect(metrics.value(of: .documentsCommitted) == 5)
        #expect(metrics.value(of: .documentsRemoved) == 0)
        #expect(lines(metrics).contains("vexfs_document_commits_total 5"))
    }

    @Test func aBucketIsTheSmallestPowerOfTwoThatHoldsTheValue() {
        for (value, bucket) in [(-5, 0), (0, 0), (1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (1 << 24, 24)] {
            #expect(Metrics.bucket(of: value) == bucket, "value \(value)")
        }
        #expect(Metrics.bucket(of: (1 << 24) + 1) == 25)
        #expect(Metrics.bucket(of: .max) == 25)
    }

    @Test func histogramsAreCumulativeAndInSeconds() {
        let metrics = Metrics()
        for value in [1, 3, 1_000_000] { metrics.observe(.searchSeconds, value) }
        let text = lines(metrics)
        #expect(text.contains(#"vexfs_search_seconds_bucket{le="1e-06"} 1"#))
        #expect(text.contains(#"vexfs_search_seconds_bucket{le="4e-06"} 2"#))
        #expect(text.contains(#"vexfs_search_seconds_bucket{le="1.048576"} 3"#))
        #expect(text.contains(#"vexfs_search_seconds_bucket{le="+Inf"} 3"#))
        #expect(text.contains("vexfs_search_seconds_sum 1.000004"))
        #expect(text.contains("vexfs_search_seconds_count 3"))
    }

    @Test func aHistogramOfCountsKeepsItsUnit() {
        let metrics = Metrics()
        metrics.observe(.commitBatchSize, 6)
        #expect(lines(metrics).contains(#"vexfs_commit_batch_documents_bucket{le="8"} 1"#))
        #expect(lines(metrics).contains("vexfs_commit_batch_documents_sum 6"))
    }

    @Test func operationsAreLabelledAndAppearWithTheirFirstUse() {
        let metrics = Metrics()
        #expect(!lines(metrics).contains { $0.contains("operation=") })
        metrics.operation(.read, microseconds: 7, failed: false)
        metrics.operation(.read, microseconds: 9, failed: true)
        #expect(lines(metrics).contains(#"vexfs_fuse_operation_seconds_count{operation="read"} 2"#))
        #expect(lines(metrics).contains(#"vexfs_fuse_operation_failures_total{operation="read"} 1"#))
        #expect(metrics.values(of: .read).times.sum == 16)
    }

    @Test func aGaugeShowsWhatItsSourceSays() {
        let metrics = Metrics()
        #expect(metrics.value(of: .documents) == nil)
        #expect(!lines(metrics).contains { $0.contains("vexfs_store_documents") })
        metrics.setGauge(.documents) { 42 }
        #expect(lines(metrics).contains("vexfs_store_documents 42"))
    }

    @Test func everyLineIsACommentOrASample() {
        let metrics = Metrics()
        for operation in Metrics.Operation.allCases { metrics.operation(operation, microseconds: 3, failed: false) }
        for line in lines(metrics) where !line.hasPrefix("# ") {
            let parts = line.split(separator: " ")
            #expect(parts.count == 2 && Double(String(parts[1])) != nil, "\(line)")
        }
    }

    @Test func quantilesAreWithinAFactorOfTwo() {
        let metrics = Metrics()
        for value in 1...1000 { metrics.observe(.commitSeconds, value) }
        let values = metrics.values(of: .commitSeconds)
        #expect(values.count == 1000 && values.sum == 500_500)
        #expect((500...1000).contains(values.quantile(0.5)))
        #expect((990...1980).contains(values.quantile(0.99)))
    }

    @Test func threadsLoseNothing() {
        let metrics = Metrics()
        let threads = (0..<4).map { _ in
            var thread = pthread_t()
            let box = Unmanaged.passRetained(metrics)
            pthread_create(
                &thread, nil,
                { argument in
                    // The argument is the box made above; a thread without one could not count.
                    let metrics = Unmanaged<Metrics>.fromOpaque(argument!).takeRetainedValue()
                    for index in 0..<10_000 {
                        metrics.increment(.searches)
                        metrics.observe(.searchSeconds, index)
                    }
                    return nil
                }, box.toOpaque())
            return thread
        }
        for thread in threads { pthread_join(thread, nil) }
        #expect(metrics.value(of: .searches) == 40_000)
        #expect(metrics.values(of: .searchSeconds).count == 40_000)
    }
}
