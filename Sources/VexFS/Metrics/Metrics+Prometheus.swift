extension Metrics {
    /// All metrics in the Prometheus text format, version 0.0.4. Operations that never happened have no series.
    public func prometheusText() -> [UInt8] {
        var text = ""
        text.reserveCapacity(32_768)
        for counter in Counter.allCases {
            Self.appendHead(&text, counter.name, "counter", counter.help)
            text += "\(counter.name) \(value(of: counter))\n"
        }
        for gauge in Gauge.allCases {
            guard let value = value(of: gauge) else { continue }
            Self.appendHead(&text, gauge.name, "gauge", gauge.help)
            text += "\(gauge.name) \(Self.number(value))\n"
        }
        for histogram in Histogram.allCases {
            Self.appendHead(&text, histogram.name, "histogram", histogram.help)
            Self.appendBuckets(&text, histogram.name, "", values(of: histogram), inSeconds: histogram.isTime)
        }
        appendOperations(&text)
        return Array(text.utf8)
    }

    private func appendOperations(_ text: inout String) {
        let seen = Operation.allCases.map { ($0.label, values(of: $0)) }.filter { $0.1.times.count > 0 }
        let time = "vexfs_fuse_operation_seconds"
        Self.appendHead(&text, time, "histogram", "Time from a request's arrival to its reply.")
        for (label, values) in seen {
            Self.appendBuckets(&text, time, "operation=\"\(label)\"", values.times, inSeconds: true)
        }
        let failures = "vexfs_fuse_operation_failures_total"
        Self.appendHead(
            &text, failures, "counter", "Requests answered with an errno; looking up a missing name is one.")
        for (label, values) in seen {
            text += "\(failures){operation=\"\(label)\"} \(values.failures)\n"
        }
    }

    private static func appendHead(_ text: inout String, _ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    private static func appendBuckets(
        _ text: inout String, _ name: String, _ labels: String, _ values: HistogramValues, inSeconds: Bool
    ) {
        let prefix = labels.isEmpty ? "" : labels + ","
        let suffix = labels.isEmpty ? "" : "{\(labels)}"
        var total = 0
        for (index, count) in values.counts.enumerated() {
            total += count
            let isLast = index == values.counts.count - 1
            let bound = isLast ? "+Inf" : number(inSeconds ? Double(1 << index) / 1e6 : Double(1 << index))
            text += "\(name)_bucket{\(prefix)le=\"\(bound)\"} \(total)\n"
        }
        text += "\(name)_sum\(suffix) \(number(inSeconds ? Double(values.sum) / 1e6 : Double(values.sum)))\n"
        text += "\(name)_count\(suffix) \(total)\n"
    }

    /// The shortest text that reads back as the same number, whole numbers without a fraction.
    private static func number(_ value: Double) -> String {
        if value == value.rounded(), value.magnitude < 1e15 { return String(Int(value)) }
        return value.description
    }
}
