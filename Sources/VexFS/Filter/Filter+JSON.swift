extension Filter {
    /// Reads a JSON filter: `{"lang": "en", "year": {"$gte": 2020}}`, all members must hold.
    ///
    /// A value is compared with its type (2020 is not "2020"), an array means any of its elements, null means missing,
    /// an object without operators reaches into the field. Operators of a field: `$eq $ne $gt $gte $lt $lte $in $nin
    /// $exists $text $contains $uuid $not`; of the whole: `$and $or $not`. `$ne`, `$nin` and `$not` hold where the
    /// field is missing. Behind `$gt`, `$gte`, `$lt` and `$lte`, `{"$date": "2026-01-31T12:00:00Z"}` compares as times
    /// do, and `$uuid` knows a UUID in any spelling. The `$` may be left out, which a shell likes: `and` and `or`
    /// before an array, `not` before an object, and a field's operators where an object has nothing else; a nested key
    /// of such a name is written "a.gt".
    ///
    /// - Throws: `invalidFilter` with a sentence that names the place as a path from `$`.
    public init(json: JSON) throws(VexFSError) {
        var reader = FilterReader()
        self = try reader.conditions(json, field: "", at: "$", depth: 0)
    }
}

/// Reads a JSON filter and counts what it holds.
private struct FilterReader {
    private var budget = Filter.maximumConditions

    private static let fieldOperators =
        "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists, $text, $contains, $uuid and $not"

    private static let bareOperators: Set<String> = [
        "eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "exists", "text", "contains",
    ]

    /// `and`, `or` and `not` as `$and`, `$or` and `$not` where their value shows that no field is meant.
    private static func withDollar(_ member: JSON.Member) -> JSON.Member {
        switch (member.key, member.value) {
        case ("and", .array(let items)), ("or", .array(let items)):
            let areFilters = items.allSatisfy { $0.members != nil }
            return areFilters ? JSON.Member("$" + member.key, member.value) : member
        case ("not", .object): return JSON.Member("$not", member.value)
        default: return member
        }
    }

    private mutating func spend(_ count: Int = 1) throws(VexFSError) {
        budget -= count
        if budget < 0 { throw FilterClause.tooLarge }
    }

    private func error(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidFilter, "\(place) \(problem)")
    }

    /// All members of an object; below a field they are its nested keys.
    mutating func conditions(
        _ json: JSON, field: String, at place: String, depth: Int
    ) throws(VexFSError) -> Filter {
        guard depth < Filter.maximumDepth else {
            throw error(place, "is nested more than \(Filter.maximumDepth) levels deep")
        }
        guard case .object(let members) = json else {
            throw error(place, "is \(json.kindName), and a filter is an object")
        }
        guard !members.isEmpty else { throw error(place, "is empty; leave the filter out to match everything") }
        var filters: [Filter] = []
        for member in members {
            let inner = "\(place).\(member.key)"
            let member = field.isEmpty ? Self.withDollar(member) : member
            if field.isEmpty, member.key.utf8.first == UInt8(ascii: "$") {
                filters.append(try logical(member, at: inner, depth: depth + 1))
                continue
            }
            guard !member.key.isEmpty else { throw error(place, "has an empty field name") }
            let name = field.isEmpty ? member.key : "\(field).\(member.key)"
            filters.append(try condition(name, member.value, at: inner, depth: depth + 1))
        }
        return filters.count == 1 ? filters[0] : .and(filters)
    }

    private mutating func logical(_ member: JSON.Member, at place: String, depth: Int) throws(VexFSError) -> Filter {
        if member.key == "$not" { return .not(try conditions(member.value, field: "", at: place, depth: depth)) }
        guard member.key == "$and" || member.key == "$or" else {
            throw error(place, "is not known; outside a field there are $and, $or and $not")
        }
        guard case .array(let elements) = member.value, !elements.isEmpty else {
            throw error(place, "is not an array of filters with at least one in it")
        }
        try spend(elements.count)
        var filters: [Filter] = []
        for (index, element) in elements.enumerated() {
            filters.append(try conditions(element, field: "", at: "\(place)[\(index)]", depth: depth))
        }
        return member.key == "$and" ? .and(filters) : .or(filters)
    }

    private mutating func condition(
        _ field: String, _ json: JSON, at place: String, depth: Int
    ) throws(VexFSError) -> Filter {
        try spend()
        switch json {
        case .null: return .not(.exists(field: field))
        case .array: return .anyOf(field: field, values: try values(json, at: place))
        case .object(let members):
            if !members.isEmpty, members.allSatisfy({ Self.bareOperators.contains($0.key) }) {
                let spelled = members.map { JSON.Member("$" + $0.key, $0.value) }
                return try apply(spelled, to: field, at: place, depth: depth)
            }
            let operators = members.filter { $0.key.utf8.first == UInt8(ascii: "$") }
            if operators.isEmpty { return try conditions(json, field: field, at: place, depth: depth) }
            guard operators.count == members.count else {
                throw error(place, "mixes operators and keys; operators begin with $, nested keys do not")
            }
            return try apply(operators, to: field, at: place, depth: depth)
        default: return .anyOf(field: field, values: [try value(json, at: place)])
        }
    }

    private mutating func apply(
        _ operators: [JSON.Member], to field: String, at place: String, depth: Int
    ) throws(VexFSError) -> Filter {
        guard depth < Filter.maximumDepth else {
            throw error(place, "is nested more than \(Filter.maximumDepth) levels deep")
        }
        var range = Filter.Range()
        var times = Filter.TimeRange()
        var filters: [Filter] = []
        for member in operators {
            let inner = "\(place).\(member.key)"
            try spend()
            if let time = try time(member.value, at: inner) {
                switch member.key {
                case "$gt": times.greater = time
                case "$gte": times.atLeast = time
                case "$lt": times.less = time
                case "$lte": times.atMost = time
                default: throw error(inner, "is a date, which stands only behind $gt, $gte, $lt and $lte")
                }
                continue
            }
            switch member.key {
            case "$gt": range.greater = try bound(member.value, at: inner)
            case "$gte": range.atLeast = try bound(member.value, at: inner)
            case "$lt": range.less = try bound(member.value, at: inner)
            case "$lte": range.atMost = try bound(member.value, at: inner)
            case "$not":
                guard case .object(let inside) = member.value, !inside.isEmpty,
                    inside.allSatisfy({ $0.key.utf8.first == UInt8(ascii: "$") })
                else { throw error(inner, "is not an object of operators") }
                filters.append(.not(try apply(inside, to: field, at: inner, depth: depth + 1)))
            default: filters.append(try single(member, field, at: inner))
            }
        }
        if range != Filter.Range() { filters.append(.range(field: field, range)) }
        if times != Filter.TimeRange() { filters.append(.time(field: field, times)) }
        return filters.count == 1 ? filters[0] : .and(filters)
    }

    private mutating func single(_ member: JSON.Member, _ field: String, at place: String) throws(VexFSError) -> Filter
    {
        switch member.key {
        case "$eq" where member.value.isNull: return .not(.exists(field: field))
        case "$ne" where member.value.isNull: return .exists(field: field)
        case "$eq": return .anyOf(field: field, values: [try value(member.value, at: place)])
        case "$ne": return .not(.anyOf(field: field, values: [try value(member.value, at: place)]))
        case "$in": return .anyOf(field: field, values: try values(member.value, at: place))
        case "$nin": return .not(.anyOf(field: field, values: try values(member.value, at: place)))
        case "$exists":
            guard case .bool(let exists) = member.value else { throw error(place, "is not true or false") }
            return exists ? .exists(field: field) : .not(.exists(field: field))
        case "$text", "$contains":
            guard case .string(let text) = member.value, !FilterWords(text).isEmpty else {
                throw error(place, "is not a string with at least one word")
            }
            return .textMatch(field: field, text: text)
        case "$uuid":
            guard case .string(let text) = member.value, let uuid = PayloadUUID(text) else {
                throw error(place, "is not a UUID")
            }
            return .uuid(field: field, [uuid])
        default: throw error(place, "is not known; a field's operators are \(Self.fieldOperators)")
        }
    }

    private mutating func values(_ json: JSON, at place: String) throws(VexFSError) -> [Filter.Value] {
        guard case .array(let elements) = json, !elements.isEmpty else {
            throw error(place, "is not an array with at least one value")
        }
        try spend(elements.count)
        var values: [Filter.Value] = []
        for (index, element) in elements.enumerated() { values.append(try value(element, at: "\(place)[\(index)]")) }
        return values
    }

    private func value(_ json: JSON, at place: String) throws(VexFSError) -> Filter.Value {
        guard let value = Filter.Value(json: json) else {
            throw error(place, "is \(json.kindName), and must be a string, a number or a boolean")
        }
        return value
    }

    /// The time of `{"$date": "2026-01-31T12:00:00Z"}`, nil for what is written otherwise.
    private func time(_ json: JSON, at place: String) throws(VexFSError) -> PayloadTime? {
        guard let members = json.members, members.count == 1, let date = json["$date"] ?? json["date"] else {
            return nil
        }
        guard case .string(let text) = date, let time = PayloadTime(text) else {
            throw error(place, "is not a date: write 2026-01-31 or 2026-01-31T12:00:00Z")
        }
        return time
    }

    private func bound(_ json: JSON, at place: String) throws(VexFSError) -> Filter.Value {
        let value = try value(json, at: place)
        if case .bool = value { throw error(place, "is a boolean; only numbers and strings have an order") }
        return value
    }
}
