extension Filter {
    /// Reads a JSON filter: `{"lang": "en", "year": {"$gte": 2020}}`, all members must hold.
    ///
    /// A value is compared with its type (2020 is not "2020"), an array means any of its elements, null means missing,
    /// an object without operators reaches into the field. Fields are paths as ``PayloadPath`` has them.
    ///
    /// Operators of a field: `$eq $ne $gt $gte $lt $lte $in $nin $except $exists $empty $null $count $not`, of strings
    /// `$text $contains $tokens $any_token $phrase $prefix $substring $regex $uuid`, of places `$radius $box $polygon`,
    /// and `$element` with a filter that one element of an array meets by itself. `$ne`, `$nin` and `$not` hold where
    /// the field is missing, `$except` asks for a value that is not listed. Behind `$gt`, `$gte`, `$lt` and `$lte`,
    /// `{"$date": "2026-01-31T12:00:00Z"}` compares as times do, and `$uuid` knows a UUID in any spelling.
    ///
    /// Operators of the whole: `$and $or $not`, `$at_least` with `{"count": 2, "of": […]}`, `$document` with the
    /// operators of strings on the text, `$id` with ids, `$vector` with a name, `$slice` with `{"total": 4, "index":
    /// 0}`.
    ///
    /// The `$` may be left out, which a shell likes: `and` and `or` before an array, `not` before an object, and `eq ne
    /// gt gte lt lte in nin exists text contains uuid` where an object has nothing else; a nested key of such a name is
    /// written "a.gt".
    ///
    /// - Throws: `invalidFilter` with a sentence that names the place as a path from `$`.
    public init(json: JSON) throws(VexFSError) {
        var reader = FilterReader()
        self = try reader.conditions(json, field: "", at: "$", depth: 0)
    }
}

/// Reads a JSON filter and counts what it holds.
struct FilterReader {
    private var budget = Filter.maximumConditions
    /// Whether the conditions are on the elements of an array.
    private var isNested = false

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

    mutating func spend(_ count: Int = 1) throws(VexFSError) {
        budget -= count
        if budget < 0 { throw FilterClause.tooLarge }
    }

    func error(_ place: String, _ problem: String) -> VexFSError {
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
        switch member.key {
        case "$not": return .not(try conditions(member.value, field: "", at: place, depth: depth))
        case "$and": return .and(try filters(member.value, at: place, depth: depth))
        case "$or": return .or(try filters(member.value, at: place, depth: depth))
        case "$at_least":
            guard let count = member.value["count"]?.integerValue, count >= 0, let list = member.value["of"],
                member.value.members?.count == 2
            else { throw error(place, #"is not {"count": N, "of": [filters]}"#) }
            return .atLeast(Int(count), try filters(list, at: "\(place).of", depth: depth))
        case "$document", "$id", "$vector", "$slice":
            guard !isNested else { throw error(place, "is not known of an element") }
            return try ofDocument(member, at: place)
        default: throw error(place, "is not known; outside a field there are \(Self.operators)")
        }
    }

    private mutating func filters(_ json: JSON, at place: String, depth: Int) throws(VexFSError) -> [Filter] {
        guard case .array(let elements) = json, !elements.isEmpty else {
            throw error(place, "is not an array of filters with at least one in it")
        }
        try spend(elements.count)
        var filters: [Filter] = []
        for (index, element) in elements.enumerated() {
            filters.append(try conditions(element, field: "", at: "\(place)[\(index)]", depth: depth))
        }
        return filters
    }

    /// The filter that one element of an array meets.
    mutating func element(_ path: PayloadPath, _ json: JSON, at place: String, depth: Int) throws(VexFSError) -> Filter
    {
        let outer = isNested
        isNested = true
        defer { isNested = outer }
        return .nested(path, try conditions(json, field: "", at: place, depth: depth))
    }

    private mutating func condition(
        _ field: String, _ json: JSON, at place: String, depth: Int
    ) throws(VexFSError) -> Filter {
        try spend()
        switch json {
        case .null: return .not(.exists(field: PayloadPath(field)))
        case .array: return .anyOf(field: PayloadPath(field), values: try values(json, at: place))
        case .object(let members):
            if !members.isEmpty, members.allSatisfy({ Self.bareOperators.contains($0.key) }) {
                let spelled = members.map { JSON.Member("$" + $0.key, $0.value) }
                return try apply(spelled, to: PayloadPath(field), at: place, depth: depth)
            }
            let operators = members.filter { $0.key.utf8.first == UInt8(ascii: "$") }
            if operators.isEmpty { return try conditions(json, field: field, at: place, depth: depth) }
            guard operators.count == members.count else {
                throw error(place, "mixes operators and keys; operators begin with $, nested keys do not")
            }
            return try apply(operators, to: PayloadPath(field), at: place, depth: depth)
        default: return .anyOf(field: PayloadPath(field), values: [try value(json, at: place)])
        }
    }

    private mutating func apply(
        _ operators: [JSON.Member], to field: PayloadPath, at place: String, depth: Int
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
            if let bound = FilterBound(rawValue: String(member.key.dropFirst())) {
                if let time = try time(member.value, at: inner) {
                    times.set(bound, time)
                } else {
                    range.set(bound, try self.bound(member.value, at: inner))
                }
                continue
            }
            switch member.key {
            case "$element": filters.append(try element(field, member.value, at: inner, depth: depth + 1))
            case "$not":
                guard case .object(let inside) = member.value, !inside.isEmpty,
                    inside.allSatisfy({ $0.key.utf8.first == UInt8(ascii: "$") })
                else { throw error(inner, "is not an object of operators") }
                filters.append(.not(try apply(inside, to: field, at: inner, depth: depth + 1)))
            default:
                guard member.value.members?.map(\.key) != ["$date"] else {
                    throw error(inner, "is a date, which stands only behind $gt, $gte, $lt and $lte")
                }
                filters.append(try single(member, field, at: inner))
            }
        }
        if range != Filter.Range() { filters.append(.range(field: field, range)) }
        if times != Filter.TimeRange() { filters.append(.field(field, .time(times))) }
        return filters.count == 1 ? filters[0] : .and(filters)
    }

    mutating func values(_ json: JSON, at place: String) throws(VexFSError) -> [Filter.Value] {
        guard case .array(let elements) = json, !elements.isEmpty else {
            throw error(place, "is not an array with at least one value")
        }
        try spend(elements.count)
        var values: [Filter.Value] = []
        for (index, element) in elements.enumerated() { values.append(try value(element, at: "\(place)[\(index)]")) }
        return values
    }

    func value(_ json: JSON, at place: String) throws(VexFSError) -> Filter.Value {
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
