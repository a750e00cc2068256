extension Filter {
    /// Reads a filter as Qdrant has it: `{must, should, must_not, min_should}` of conditions; unknown keys are refused.
    ///
    /// Conditions of one field in one object are alternatives, empty lists and null let everything through. Beyond
    /// Qdrant: `match` knows `substring` and `regex`, an id may be any string, and a `key` may end in `[]`.
    /// - Parameter textOptions: How a field's text is cut into tokens, nil for how Qdrant cuts a field without an
    ///   index.
    /// - Throws: `invalidFilter` with a sentence that names the place as a path from `$`.
    public init(
        qdrant json: JSON, textOptions: @escaping (PayloadPath) -> TextOptions? = { _ in nil }
    ) throws(VexFSError) {
        self = try QdrantFilterReader(
            textOptions: textOptions, isNested: false, budget: FilterBudget()
        ).filter(json, at: "$")
    }
}

/// Reads the objects of a Qdrant filter.
private struct QdrantFilterReader {
    let textOptions: (PayloadPath) -> TextOptions?
    /// Whether the conditions are on the elements of an array.
    let isNested: Bool
    /// Counts the conditions of the whole filter.
    let budget: FilterBudget

    private func error(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidFilter, "\(place) \(problem)")
    }

    /// `{must, should, must_not, min_should}`.
    func filter(_ json: JSON, at place: String) throws(VexFSError) -> Filter {
        guard let members = json.members else { throw error(place, "is \(json.kindName), and a filter is an object") }
        var filters: [Filter] = []
        for member in members where !member.value.isNull {
            let inner = "\(place).\(member.key)"
            switch member.key {
            case "must": filters += try conditions(member.value, at: inner)
            case "must_not": filters += try conditions(member.value, at: inner).map { .not($0) }
            case "should":
                let conditions = try conditions(member.value, at: inner)
                if !conditions.isEmpty { filters.append(conditions.count == 1 ? conditions[0] : .or(conditions)) }
            case "min_should": filters.append(try atLeast(member.value, at: inner))
            default: throw error(inner, "is not known; a filter has must, should, must_not and min_should")
            }
        }
        return filters.count == 1 ? filters[0] : .and(filters)
    }

    private func conditions(_ json: JSON, at place: String) throws(VexFSError) -> [Filter] {
        guard case .array(let items) = json else {
            try budget.spend(1)
            return [try condition(json, at: place)]
        }
        try budget.spend(items.count)
        var filters: [Filter] = []
        for (index, item) in items.enumerated() { filters.append(try condition(item, at: "\(place)[\(index)]")) }
        return filters
    }

    private func atLeast(_ json: JSON, at place: String) throws(VexFSError) -> Filter {
        try only(["conditions", "min_count"], in: json, at: place)
        guard let items = json["conditions"], let count = json["min_count"]?.integerValue, count >= 0 else {
            throw error(place, "needs conditions, and min_count as a number of them")
        }
        return .atLeast(Int(count), try conditions(items, at: "\(place).conditions"))
    }

    /// One condition, told from the others by its key.
    private func condition(_ json: JSON, at place: String) throws(VexFSError) -> Filter {
        guard let members = json.members else {
            throw error(place, "is \(json.kindName), and a condition is an object")
        }
        if json["key"] != nil { return try field(members, json, at: place) }
        guard members.count == 1, let member = members.first, !Self.clauses.contains(member.key) else {
            return try filter(json, at: place)
        }
        let inner = "\(place).\(member.key)"
        switch member.key {
        case "is_empty": return .field(try path(of: member.value, at: inner), .isEmpty)
        case "is_null": return .field(try path(of: member.value, at: inner), .isNull)
        case "nested": return try nested(member.value, at: inner)
        case "has_id", "has_vector", "slice":
            guard !isNested else { throw error(inner, "is not known of an element; put it next to nested") }
            return try ofPoint(member, at: inner)
        default:
            throw error(
                inner,
                "is no condition: there are key with match, range and others, is_empty, is_null, has_id, has_vector, "
                    + "nested, slice, and must, should, must_not, min_should")
        }
    }

    private static let clauses: Set<String> = ["must", "should", "must_not", "min_should"]

    private func ofPoint(_ member: JSON.Member, at place: String) throws(VexFSError) -> Filter {
        switch member.key {
        case "has_id": return .hasID(try FilterValues.ids(member.value, at: place))
        case "has_vector":
            guard case .string(let name) = member.value else { throw error(place, "is not the name of a vector") }
            return .hasVector(ByteString(name))
        default: return .slice(try FilterValues.slice(member.value, at: place))
        }
    }

    private func nested(_ json: JSON, at place: String) throws(VexFSError) -> Filter {
        try only(["key", "filter"], in: json, at: place)
        guard let inner = json["filter"] else { throw error(place, "has no filter") }
        var path = try path(of: .object([.init("key", json["key"] ?? .null)]), at: place)
        if path.steps.last == .each { path = PayloadPath(steps: path.steps.dropLast()) }
        let reader = QdrantFilterReader(
            textOptions: { [textOptions] in textOptions(path.appending(.each).appending($0)) }, isNested: true,
            budget: budget)
        return .nested(path, try reader.filter(inner, at: "\(place).filter"))
    }

    private func path(of json: JSON, at place: String) throws(VexFSError) -> PayloadPath {
        try only(["key"], in: json, at: place)
        guard case .string(let key)? = json["key"] else { throw error(place, "has no key") }
        do throws(VexFSError) {
            return try PayloadPath(qdrant: key)
        } catch let fault {
            throw error("\(place).key", fault.message)
        }
    }

    private func only(_ keys: Set<String>, in json: JSON, at place: String) throws(VexFSError) {
        guard let members = json.members else { throw error(place, "is \(json.kindName), and must be an object") }
        for member in members where !keys.contains(member.key) {
            throw error("\(place).\(member.key)", "is not known; there are \(keys.sorted().joined(separator: ", "))")
        }
    }

    // MARK: Fields

    private func field(_ members: [JSON.Member], _ json: JSON, at place: String) throws(VexFSError) -> Filter {
        let path = try path(of: .object([.init("key", json["key"] ?? .null)]), at: place)
        var filters: [Filter] = []
        for member in members where member.key != "key" && !member.value.isNull {
            filters.append(try condition(on: path, member, at: "\(place).\(member.key)"))
        }
        guard !filters.isEmpty else { throw error(place, "has a key and no condition on it") }
        return filters.count == 1 ? filters[0] : .or(filters)
    }

    private func condition(
        on path: PayloadPath, _ member: JSON.Member, at place: String
    ) throws(VexFSError) -> Filter {
        let value = member.value
        switch member.key {
        case "match": return .field(path, try match(path, value, at: place))
        case "range": return .field(path, try range(value, at: place))
        case "geo_radius": return .field(path, .geo(try GeoArea(radius: value, at: place)))
        case "geo_bounding_box": return .field(path, .geo(try GeoArea(box: value, at: place)))
        case "geo_polygon": return .field(path, .geo(try GeoArea(polygon: value, at: place)))
        case "values_count": return .field(path, .count(try FilterValues.counts(value, at: place)))
        case "is_empty", "is_null":
            guard case .bool(let wanted) = value else { throw error(place, "is not true or false") }
            let filter = Filter.field(path, member.key == "is_null" ? .isNull : .isEmpty)
            return wanted ? filter : .not(filter)
        default:
            throw error(
                place,
                "is not known; a field's conditions are match, range, geo_bounding_box, geo_radius, geo_polygon, "
                    + "values_count, is_empty and is_null")
        }
    }

    private func match(_ path: PayloadPath, _ json: JSON, at place: String) throws(VexFSError) -> FieldCondition {
        guard let members = json.members, members.count == 1, let member = members.first else {
            throw error(place, "is not an object with one of \(Self.matches)")
        }
        let inner = "\(place).\(member.key)"
        switch (member.key, member.value) {
        case ("value", .string), ("value", .bool), ("value", .integer):
            return .anyOf(ValueList(Filter.Value(json: member.value).map { [$0] } ?? []))
        case ("value", _):
            throw error(inner, "is \(member.value.kindName), and must be a string, an integer or a boolean")
        case ("any", _): return .anyOf(ValueList(try values(member.value, at: inner)))
        case ("except", _): return .except(ValueList(try values(member.value, at: inner)))
        case ("text", .string(let text)): return tokens(.all, text, path)
        case ("text_any", .string(let text)): return tokens(.any, text, path)
        case ("phrase", .string(let text)): return tokens(.phrase, text, path)
        case ("prefix", .string(let text)): return .string(.prefix(ByteString(text)))
        case ("substring", .string(let text)): return .string(.substring(ByteString(text)))
        case ("regex", .string(let text)): return .string(.expression(try RegularExpression(text)))
        case ("text", _), ("text_any", _), ("phrase", _), ("prefix", _), ("substring", _), ("regex", _):
            throw error(inner, "is \(member.value.kindName), and must be a string")
        default: throw error(inner, "is not known; match has one of \(Self.matches)")
        }
    }

    private static let matches = "value, any, except, text, text_any, phrase, prefix, substring and regex"

    private func tokens(_ mode: TokenQuery.Mode, _ text: String, _ path: PayloadPath) -> FieldCondition {
        .string(.tokens(TokenQuery(mode, text, options: textOptions(path) ?? TextOptions())))
    }

    private func values(_ json: JSON, at place: String) throws(VexFSError) -> [Filter.Value] {
        guard case .array(let items) = json else { throw error(place, "is \(json.kindName), and must be an array") }
        var values: [Filter.Value] = []
        for (index, item) in items.enumerated() {
            var inner: String { "\(place)[\(index)]" }
            switch item {
            case .string(let text): values.append(.string(ByteString(text)))
            case .integer(let number): values.append(.integer(number))
            default: throw error(inner, "is \(item.kindName), and must be a string or an integer")
            }
            guard values[index].isString == values[0].isString else {
                throw error(inner, "is of another kind than what stands before it")
            }
        }
        return values
    }

    private func range(_ json: JSON, at place: String) throws(VexFSError) -> FieldCondition {
        guard let members = json.members else { throw error(place, "is \(json.kindName), and must be an object") }
        var numbers = Filter.Range()
        var times = Filter.TimeRange()
        for member in members where !member.value.isNull {
            let inner = "\(place).\(member.key)"
            guard let bound = FilterBound(rawValue: member.key) else {
                throw error(inner, "is not known; a range has lt, gt, lte and gte")
            }
            if case .string(let text) = member.value {
                guard let time = PayloadTime(text) else {
                    throw error(inner, "is not a time: write 2026-01-31T12:00:00Z or 2026-01-31")
                }
                times.set(bound, time)
            } else {
                guard let number = Filter.Value(json: member.value), number.isNumber else {
                    throw error(inner, "is \(member.value.kindName), and must be a number or a time")
                }
                numbers.set(bound, number)
            }
        }
        guard times != Filter.TimeRange() else { return .range(numbers) }
        guard numbers == Filter.Range() else { throw error(place, "has numbers and times; a range is of one kind") }
        return .time(times)
    }
}
