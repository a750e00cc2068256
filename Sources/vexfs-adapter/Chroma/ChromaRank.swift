import Glibc
import VexValues

/// What records are ranked by in a search: arithmetic over distances, smaller is better.
indirect enum ChromaRank: Equatable, Sendable {
    case value(Double)
    /// The distance, or the place, in the list of neighbours with this number; a record that is not in it has the
    /// default, or no rank at all.
    case neighbors(Int, isPlace: Bool, missing: Double?)
    case sum([ChromaRank])
    case product([ChromaRank])
    case difference(ChromaRank, ChromaRank)
    case quotient(ChromaRank, ChromaRank)
    case absolute(ChromaRank)
    case exponential(ChromaRank)
    case logarithm(ChromaRank)
    case greatest([ChromaRank])
    case least([ChromaRank])

    /// A search for neighbours that an expression needs.
    struct Neighbors: Equatable, Sendable {
        enum Query: Equatable, Sendable {
            case vector([Float])
            /// To be embedded by the mount.
            case text(String)
            /// `{"indices": [‥], "values": [‥]}`.
            case sparse(JSON)
        }

        var query: Query
        /// Which vectors are compared: `#embedding`, or a key of the metadata that holds sparse ones.
        var key: String
        var limit: Int
    }

    /// Reads an expression and collects the searches that it needs.
    /// - Throws: 400, 501 for vectors that are not there.
    init(_ json: JSON, _ searches: inout [Neighbors], depth: Int = 0) throws(ChromaError) {
        guard depth < 64 else { throw .invalid("rank: the expression is nested too deep") }
        guard let members = json.members, members.count == 1, let member = members.first else {
            throw .invalid("rank: an expression is an object with one operator")
        }
        func inner(_ json: JSON?) throws(ChromaError) -> ChromaRank {
            try ChromaRank(json ?? .null, &searches, depth: depth + 1)
        }
        func list() throws(ChromaError) -> [ChromaRank] {
            guard let items = member.value.arrayValue, !items.isEmpty else {
                throw .invalid("rank: \(member.key) needs a list of expressions")
            }
            var ranks: [ChromaRank] = []
            for item in items { ranks.append(try inner(item)) }
            return ranks
        }
        switch member.key {
        case "$val":
            guard let value = member.value.numberValue else { throw .invalid("rank: $val needs a number") }
            self = .value(value)
        case "$knn": self = try Self.neighbors(member.value, &searches)
        case "$sum": self = .sum(try list())
        case "$mul": self = .product(try list())
        case "$max": self = .greatest(try list())
        case "$min": self = .least(try list())
        case "$sub": self = .difference(try inner(member.value["left"]), try inner(member.value["right"]))
        case "$div": self = .quotient(try inner(member.value["left"]), try inner(member.value["right"]))
        case "$abs": self = .absolute(try inner(member.value))
        case "$exp": self = .exponential(try inner(member.value))
        case "$log": self = .logarithm(try inner(member.value))
        default: throw .invalid("rank: there is no operator \(member.key)")
        }
    }

    private static func neighbors(_ json: JSON, _ searches: inout [Neighbors]) throws(ChromaError) -> ChromaRank {
        let fields = try ChromaFields(json, prefix: "rank.$knn.")
        let key = try fields.string("key") ?? ChromaSchema.embeddingKey
        let query: Neighbors.Query
        switch fields.value("query") {
        case .object(let members)? where key != ChromaSchema.embeddingKey:
            query = .sparse(try ChromaSparse.vector(.object(members)))
        case let other where key != ChromaSchema.embeddingKey:
            throw .invalid(
                "rank.$knn.query: \(key) holds sparse vectors and needs one, but this is \(other?.kindName ?? "null")")
        case .string(let text)?: query = .text(text)
        case .array(let items)?:
            var vector: [Float] = []
            for item in items {
                guard let number = item.numberValue else { throw .shape("rank.$knn.query: expected a list of f32") }
                vector.append(Float(number))
            }
            query = .vector(vector)
        default: throw .shape("rank.$knn.query: expected a vector")
        }
        searches.append(Neighbors(query: query, key: key, limit: try fields.count("limit") ?? 16))
        return .neighbors(
            searches.count - 1, isPlace: try fields.bool("return_rank") ?? false, missing: try fields.number("default"))
    }

    /// The rank of a record; nil where it has none.
    /// - Parameter found: the place and the distance of the record in the list of neighbours of a number.
    func evaluate(_ found: (Int) -> (place: Int, distance: Double)?) -> Double? {
        func all(_ ranks: [ChromaRank]) -> [Double]? {
            var values: [Double] = []
            for rank in ranks {
                guard let value = rank.evaluate(found) else { return nil }
                values.append(value)
            }
            return values
        }
        func pair(_ left: ChromaRank, _ right: ChromaRank, _ operation: (Double, Double) -> Double) -> Double? {
            guard let left = left.evaluate(found), let right = right.evaluate(found) else { return nil }
            return operation(left, right)
        }
        switch self {
        case .value(let value): return value
        case .neighbors(let number, let isPlace, let missing):
            return found(number).map { isPlace ? Double($0.place) : $0.distance } ?? missing
        case .sum(let ranks): return all(ranks)?.reduce(0, +)
        case .product(let ranks): return all(ranks)?.reduce(1, *)
        case .greatest(let ranks): return all(ranks)?.max()
        case .least(let ranks): return all(ranks)?.min()
        case .difference(let left, let right): return pair(left, right, -)
        case .quotient(let left, let right): return pair(left, right, /)
        case .absolute(let rank): return rank.evaluate(found).map { abs($0) }
        case .exponential(let rank): return rank.evaluate(found).map { exp($0) }
        case .logarithm(let rank): return rank.evaluate(found).map { log($0) }
        }
    }
}
