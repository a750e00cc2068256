/// Reads Qdrant's formulas, which have no filters of their own: an expression that is none of the known ones is a
/// condition.
struct FormulaReader {
    let filter: FilterReading
    private final class Conditions { var list: [Filter] = [] }
    private let conditions = Conditions()

    init(filter: @escaping FilterReading) { self.filter = filter }

    /// Reads `{"formula": …, "defaults": {…}}`.
    func formula(_ object: RequestObject, at place: String) throws(VexFSError) -> Formula {
        let (json, _) = try object.required(object.value("formula"), "formula")
        let read = try expression(json, at: place, depth: 0)
        var defaults: [Formula.Variable: JSON] = [:]
        if let (json, place) = object.value("defaults") {
            guard let members = json.members else { throw RequestObject.refused(place, "must be an object") }
            for member in members { defaults[try variable(member.key, at: place)] = member.value }
        }
        return Formula(read, defaults: defaults, conditions: conditions.list)
    }

    /// `$score`, `$score[2]` or a path of the payload.
    private func variable(_ text: String, at place: String) throws(VexFSError) -> Formula.Variable {
        guard text.utf8.first == UInt8(ascii: "$") else { return .payload(try PayloadPath(qdrant: text)) }
        if text == "$score" { return .score(0) }
        let digits = text.dropFirst("$score[".count).dropLast()
        guard text.hasPrefix("$score["), text.hasSuffix("]"), digits.utf8.allSatisfy({ $0 &- 48 < 10 }),
            let index = Int(digits)
        else { throw RequestObject.refused(place, "has \"\(text)\"; behind a $ there is only $score and $score[n]") }
        return .score(index)
    }

    private static let operators: Set<String> = [
        "geo_distance", "datetime", "datetime_key", "mult", "sum", "max", "min", "neg", "abs", "div", "sqrt", "pow",
        "exp", "log10", "ln", "acosh", "lin_decay", "exp_decay", "gauss_decay",
    ]

    private func expression(_ json: JSON, at place: String, depth: Int) throws(VexFSError) -> Formula.Expression {
        guard depth < QueryOperation.maximumDepth else {
            throw RequestObject.refused(place, "is nested more than \(QueryOperation.maximumDepth) levels deep")
        }
        switch json {
        case .integer, .number: return .constant(json.numberValue ?? 0)
        case .string(let text): return .variable(try variable(text, at: place))
        case .object(let members):
            guard let first = members.first, members.count == 1, Self.operators.contains(first.key) else {
                conditions.list.append(try filter(Self.asFilter(json)))
                return .condition(conditions.list.count - 1)
            }
            return try operation(first, at: "\(place).\(first.key)", depth: depth + 1)
        case .null, .bool, .array:
            throw RequestObject.refused(
                place, "is \(json.kindName), and must be a number, a variable or an expression")
        }
    }

    /// A condition as a filter; a filter is itself a condition.
    private static func asFilter(_ json: JSON) -> JSON {
        let isFilter =
            json.members?.contains { ["must", "should", "must_not", "min_should"].contains($0.key) } ?? false
        return isFilter ? json : .object([.init("must", .array([json]))])
    }

    private func operation(
        _ member: JSON.Member, at place: String, depth: Int
    ) throws(VexFSError) -> Formula.Expression {
        let json = member.value
        func one() throws(VexFSError) -> Formula.Expression { try expression(json, at: place, depth: depth) }
        func part(_ object: RequestObject, _ key: String) throws(VexFSError) -> Formula.Expression {
            let (json, place) = try object.required(object.value(key), key)
            return try expression(json, at: place, depth: depth)
        }
        switch member.key {
        case "mult": return .product(try several(json, at: place, depth))
        case "sum": return .sum(try several(json, at: place, depth))
        case "max": return .maximum(try several(json, at: place, depth, atLeastOne: true))
        case "min": return .minimum(try several(json, at: place, depth, atLeastOne: true))
        case "neg": return .negation(try one())
        case "abs": return .absolute(try one())
        case "sqrt": return .squareRoot(try one())
        case "exp": return .exponential(try one())
        case "log10": return .decimalLogarithm(try one())
        case "ln": return .naturalLogarithm(try one())
        case "acosh": return .inverseHyperbolicCosine(try one())
        case "div":
            let object = try RequestObject(json, at: place, keys: ["left", "right", "by_zero_default"])
            return .quotient(
                try part(object, "left"), try part(object, "right"), byZero: try object.number("by_zero_default"))
        case "pow":
            let object = try RequestObject(json, at: place, keys: ["base", "exponent"])
            return .power(try part(object, "base"), exponent: try part(object, "exponent"))
        case "datetime": return .datetime(try time(json, at: place))
        case "datetime_key": return .datetimeKey(try path(json, at: place))
        case "geo_distance": return try geoDistance(json, at: place)
        default: return try decay(member.key, json, at: place, depth)
        }
    }

    private func several(
        _ json: JSON, at place: String, _ depth: Int, atLeastOne: Bool = false
    ) throws(VexFSError) -> [Formula.Expression] {
        guard case .array(let elements) = json, !(atLeastOne && elements.isEmpty) else {
            throw RequestObject.refused(
                place, "must be an array of expressions\(atLeastOne ? " with at least one" : "")")
        }
        var result: [Formula.Expression] = []
        for (index, element) in elements.enumerated() {
            result.append(try expression(element, at: "\(place)[\(index)]", depth: depth))
        }
        return result
    }

    private func path(_ json: JSON, at place: String) throws(VexFSError) -> PayloadPath {
        guard case .string(let text) = json else { throw RequestObject.refused(place, "must be a field's name") }
        return try PayloadPath(qdrant: text)
    }

    private func time(_ json: JSON, at place: String) throws(VexFSError) -> PayloadTime {
        guard case .string(let text) = json, let time = PayloadTime(text) else {
            throw RequestObject.refused(place, "must be a time: write 2026-01-31 or 2026-01-31T12:00:00Z")
        }
        return time
    }

    private func geoDistance(_ json: JSON, at place: String) throws(VexFSError) -> Formula.Expression {
        let object = try RequestObject(json, at: place, keys: ["origin", "to"])
        guard let (origin, _) = object.value("origin"), origin.arrayValue == nil,
            let point = GeoPoint.points(of: origin).first
        else { throw object.refused("origin", "must be a point: {\"lon\": …, \"lat\": …}") }
        let (to, toPlace) = try object.required(object.value("to"), "to")
        return .geoDistance(origin: point, to: try path(to, at: toPlace))
    }

    private func decay(
        _ name: String, _ json: JSON, at place: String, _ depth: Int
    ) throws(VexFSError) -> Formula.Expression {
        guard let shape = Formula.Decay.Shape(rawValue: name) else {
            throw RequestObject.refused(place, "is not known")
        }
        let object = try RequestObject(json, at: place, keys: ["x", "target", "scale", "midpoint"])
        let (x, xPlace) = try object.required(object.value("x"), "x")
        let target = try object.value("target").map { (json, place) throws(VexFSError) in
            try expression(json, at: place, depth: depth)
        }
        return .decay(
            try Formula.Decay(
                shape, scale: try object.number("scale") ?? 1, midpoint: try object.number("midpoint") ?? 0.5),
            of: try expression(x, at: xPlace, depth: depth), target: target)
    }
}
