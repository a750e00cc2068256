@testable import VexFS

/// What filters mean, written down without regard to speed and without the engine's own evaluation.
enum PlainFilter {
    static func matches(_ filter: Filter, _ subject: FilterSubject) -> Bool {
        switch filter {
        case .and(let filters): return !filters.contains { !matches($0, subject) }
        case .or(let filters): return filters.contains { matches($0, subject) }
        case .not(let filter): return !matches(filter, subject)
        case .atLeast(let count, let filters): return filters.filter { matches($0, subject) }.count >= count
        case .field(let path, let condition): return isMet(condition, values(path, subject.payload))
        case .document(let condition):
            if let text = subject.text { return isMet(condition, text.string) }
            return false
        case .nested(let path, let inner):
            for value in values(path, subject.payload) {
                guard case .array(let elements) = value else { continue }
                for element in elements {
                    guard case .object = element else { continue }
                    if matches(inner, FilterSubject(payload: element)) { return true }
                }
            }
            return false
        case .hasID(let ids): return ids.contains(subject.id)
        case .hasVector(let name): return subject.vectors.contains(name)
        case .slice(let slice):
            return !subject.id.isEmpty
                && DocumentSlice.hash(of: subject.id) % UInt64(slice.total) == UInt64(slice.index)
        }
    }

    private static func values(_ path: PayloadPath, _ payload: JSON) -> [JSON] {
        var (values, steps) = ([payload], path.steps)
        if let literal = path.literal, let found = payload[literal.key.string] {
            values = [found]
            steps.removeFirst(literal.steps)
        }
        for step in steps {
            values = values.flatMap { value -> [JSON] in
                switch (step, value) {
                case (.key(let key), .object(let members)):
                    return members.filter { ByteString($0.key) == key }.map(\.value)
                case (.dotted(let path), .object): return value.value(at: path.string).map { [$0] } ?? []
                case (.each, .array(let elements)): return elements
                case (.index(let index), .array(let elements)): return index < elements.count ? [elements[index]] : []
                case (.scalar, .array): return []
                case (.scalar, _): return [value]
                default: return []
                }
            }
        }
        return values
    }

    private static func isMet(_ condition: FieldCondition, _ values: [JSON]) -> Bool {
        var leaves: [JSON] = []
        for value in values {
            if case .array(let elements) = value { leaves += elements } else { leaves.append(value) }
        }
        switch condition {
        case .exists: return values.contains { $0 != .null }
        case .isEmpty: return !values.contains { $0 != .null && $0 != .array([]) }
        case .isNull: return leaves.contains(.null)
        case .anyOf(let wanted): return leaves.contains { leaf in wanted.values.contains { compare(leaf, $0) == 0 } }
        case .except(let unwanted):
            return leaves.contains { leaf in
                if leaf == .null { return false }
                if unwanted.values.isEmpty { return true }
                return unwanted.values.contains { compare(leaf, $0) != nil }
                    && !unwanted.values.contains { compare(leaf, $0) == 0 }
            }
        case .range(let range): return leaves.contains { isIn(range, $0) }
        case .count(let range):
            let counts = values.map { value -> Int64 in
                if case .array(let elements) = value { return Int64(elements.count) }
                return value == .null ? 0 : 1
            }
            return (counts.isEmpty ? [0] : counts).contains { isIn(range, .integer($0)) }
        case .time(let range):
            return strings(leaves).compactMap(PayloadTime.init).contains { time in
                range.greater.map { time > $0 } ?? true && range.atLeast.map { time >= $0 } ?? true
                    && range.less.map { time < $0 } ?? true && range.atMost.map { time <= $0 } ?? true
            }
        case .uuid(let wanted): return strings(leaves).compactMap(PayloadUUID.init).contains { wanted.contains($0) }
        case .geo(let area): return leaves.contains { place($0).map(area.contains) ?? false }
        case .string(let condition): return strings(leaves).contains { isMet(condition, $0) }
        }
    }

    private static func strings(_ leaves: [JSON]) -> [String] { leaves.compactMap(\.stringValue) }

    private static func place(_ json: JSON) -> GeoPoint? {
        guard let longitude = json["lon"]?.numberValue, let latitude = json["lat"]?.numberValue else { return nil }
        return GeoPoint(longitude: longitude, latitude: latitude)
    }

    private static func isIn(_ range: Filter.Range, _ json: JSON) -> Bool {
        let bounds = [range.greater, range.atLeast, range.less, range.atMost]
        if !bounds.contains(where: { $0 != nil }) { return compare(json, .integer(0)) != nil }
        let tests: [(Int) -> Bool] = [{ $0 > 0 }, { $0 >= 0 }, { $0 < 0 }, { $0 <= 0 }]
        return zip(bounds, tests).allSatisfy { bound, test in
            guard let bound else { return true }
            if case .bool = bound { return false }
            return compare(json, bound).map(test) ?? false
        }
    }

    /// The sign of the difference, nil for values of different kinds.
    private static func compare(_ json: JSON, _ value: Filter.Value) -> Int? {
        switch (json, value) {
        case (.bool(let left), .bool(let right)): return left == right ? 0 : 1
        case (.string(let left), .string(let right)):
            let (left, right) = (Array(left.utf8), Array(right.string.utf8))
            return left == right ? 0 : left.lexicographicallyPrecedes(right) ? -1 : 1
        case (.integer(let left), .integer(let right)): return sign(left, right)
        case (.number(let left), .number(let right)): return sign(left, right)
        // 80 bits hold every Int64 and every Double exactly.
        case (.integer(let left), .number(let right)): return sign(Float80(left), Float80(right))
        case (.number(let left), .integer(let right)): return sign(Float80(left), Float80(right))
        default: return nil
        }
    }

    private static func sign<Number: Comparable>(_ left: Number, _ right: Number) -> Int {
        left < right ? -1 : left == right ? 0 : 1
    }

    private static func isMet(_ condition: StringCondition, _ text: String) -> Bool {
        func contains(_ text: String, _ part: String) -> Bool {
            let (text, part) = (Array(text.utf8), Array(part.utf8))
            return part.count <= text.count
                && (0...text.count - part.count).contains { Array(text[$0..<$0 + part.count]) == part }
        }
        switch condition {
        case .words(let words):
            return words.string.lowercased().unicodeScalars.split { $0.properties.isWhitespace }
                .allSatisfy { contains(text.lowercased(), String(String.UnicodeScalarView($0))) }
        case .prefix(let start): return text.utf8.starts(with: start.string.utf8)
        case .substring(let part): return contains(text, part.string)
        // What the expression means is RE2's to say; that no index gets in between is what is asked here.
        case .expression(let expression): return expression.matches(ByteString(text))
        case .tokens(let query):
            guard let analyzer = try? TextAnalyzer(query.options) else { return false }
            let (tokens, wanted) = (analyzer.tokens(of: text), analyzer.queryTokens(of: query.text.string))
            if wanted.isEmpty { return false }
            switch query.mode {
            case .all: return wanted.allSatisfy { tokens.contains($0) }
            case .any: return wanted.contains { tokens.contains($0) }
            case .phrase:
                return tokens.indices.contains { Array(tokens[$0...].prefix(wanted.count)) == wanted }
            }
        }
    }
}
