import VexValues

/// How a search keeps only some records of each group.
struct ChromaGrouping: Equatable, Sendable {
    private static let scoreKey = "#score"

    var keys: [String]
    var orderKeys: [String]
    var count: Int
    var takesGreatest: Bool

    /// Reads `group_by`; nil for none.
    init?(_ fields: ChromaFields?) throws(ChromaError) {
        guard let fields, !fields.keys.isEmpty else { return nil }
        guard let keys = try fields.strings("keys"), !keys.isEmpty else { throw .invalid("group_by needs keys") }
        guard let aggregate = try fields.fields("aggregate"), let name = aggregate.keys.first,
            name == "$min_k" || name == "$max_k", let inner = try aggregate.fields(name)
        else { throw .invalid("group_by needs an aggregate: $min_k or $max_k") }
        guard let orderKeys = try inner.strings("keys"), !orderKeys.isEmpty, let count = try inner.count("k"), count > 0
        else { throw .invalid("\(name) needs keys and a k of at least 1") }
        self.keys = keys
        self.orderKeys = orderKeys
        self.count = count
        takesGreatest = name == "$max_k"
    }

    /// A record as it is grouped.
    struct Record {
        var score: Double?
        var metadata: JSON
    }

    /// The places of the records that stay, in their order.
    func chosen(_ records: [Record]) -> [Int] {
        var groups: [[UInt8]: [Int]] = [:]
        for (place, record) in records.enumerated() {
            let values = keys.map { record.metadata[$0] ?? .null }
            groups[JSON.array(values).compact, default: []].append(place)
        }
        var chosen: [Int] = []
        for places in groups.values {
            let ordered = places.sorted { left, right in
                let order = compare(records[left], records[right])
                return order == 0 ? left < right : takesGreatest ? order > 0 : order < 0
            }
            chosen += ordered.prefix(count)
        }
        return chosen.sorted()
    }

    /// Below, at or above 0; what has no value comes last.
    private func compare(_ left: Record, _ right: Record) -> Int {
        for key in orderKeys {
            let (first, second) = (value(key, left), value(key, right))
            switch (first, second) {
            case (nil, nil): continue
            case (nil, _): return takesGreatest ? -1 : 1
            case (_, nil): return takesGreatest ? 1 : -1
            case (.string(let one)?, .string(let other)?): if one != other { return one < other ? -1 : 1 }
            default:
                // Numbers come before strings, and those before all others, which are the same.
                let (one, other) = (Self.order(first), Self.order(second))
                if one != other { return one < other ? -1 : 1 }
            }
        }
        return 0
    }

    private static func order(_ value: JSON?) -> (Int, Double) {
        if let number = value?.numberValue { return (0, number) }
        return (value?.stringValue == nil ? 2 : 1, 0)
    }

    private func value(_ key: String, _ record: Record) -> JSON? {
        key == Self.scoreKey ? record.score.map(JSON.number) : record.metadata[key]
    }
}
