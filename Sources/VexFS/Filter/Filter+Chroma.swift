extension Filter {
    /// Reads a `where` clause as Chroma has it: one key per object, `$and` and `$or` with lists of clauses.
    ///
    /// Documents without the key match `$ne`, `$nin` and `$not_contains`, never the others; an array never matches
    /// `$eq`, `$in` and comparisons, and only an array matches `$contains`. Under the key `#document`, the operators of
    /// ``init(chromaWhereDocument:)`` are about the text.
    /// - Throws: `invalidFilter`; the message begins with `Invalid where clause`.
    public init(chromaWhere json: JSON) throws(VexFSError) {
        self = try ChromaFilterReader().clause(json, at: "$")
    }

    /// Reads a `where_document` clause as Chroma has it: `$contains`, `$not_contains`, `$regex`, `$not_regex`, `$and`
    /// and `$or`, one key per object. What a document without text does not hold it matches the negations of.
    /// - Throws: `invalidFilter`; the message begins with `Invalid where document clause`, or tells what is wrong with
    ///   the regular expression.
    public init(chromaWhereDocument json: JSON) throws(VexFSError) {
        self = try ChromaFilterReader().document(json, at: "$")
    }
}

/// Reads Chroma's clauses.
private struct ChromaFilterReader {
    private let budget = FilterBudget()

    private func refusal(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidFilter, "Invalid where clause: \(place) \(problem)")
    }

    private func documentRefusal(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidFilter, "Invalid where document clause: \(place) \(problem)")
    }

    func clause(_ json: JSON, at place: String) throws(VexFSError) -> Filter {
        guard let members = json.members, members.count == 1, let member = members.first else {
            throw refusal(place, "is not an object with one key")
        }
        let inner = "\(place).\(member.key)"
        guard member.key == "$and" || member.key == "$or" else {
            guard member.key.utf8.first != UInt8(ascii: "$") else {
                throw refusal(inner, "is not known; there are $and and $or")
            }
            return try condition(member.key, member.value, at: inner)
        }
        guard case .array(let items) = member.value else { throw refusal(inner, "is not a list of clauses") }
        try budget.spend(items.count)
        var filters: [Filter] = []
        for (index, item) in items.enumerated() { filters.append(try clause(item, at: "\(inner)[\(index)]")) }
        return member.key == "$and" ? .and(filters) : .or(filters)
    }

    private func condition(_ key: String, _ json: JSON, at place: String) throws(VexFSError) -> Filter {
        let member: JSON.Member
        if let members = json.members {
            guard members.count == 1 else { throw refusal(place, "is not an object with one operator") }
            member = members[0]
        } else {
            member = JSON.Member("$eq", json)
        }
        if key == "#document", ["$contains", "$not_contains", "$regex", "$not_regex"].contains(member.key) {
            return try document(json, at: place)
        }
        let inner = "\(place).\(member.key)"
        let path = PayloadPath(key: key)
        let alone = path.appending(.scalar)
        switch member.key {
        case "$eq": return .field(alone, .anyOf([try scalar(member.value, at: inner)]))
        case "$ne": return .not(.field(alone, .anyOf([try scalar(member.value, at: inner)])))
        case "$in": return .field(alone, .anyOf(ValueList(try list(member.value, at: inner))))
        case "$nin": return .not(.field(alone, .anyOf(ValueList(try list(member.value, at: inner)))))
        case "$contains": return .field(path.appending(.each), .anyOf([try scalar(member.value, at: inner)]))
        case "$not_contains":
            return .not(.field(path.appending(.each), .anyOf([try scalar(member.value, at: inner)])))
        case "$gt", "$gte", "$lt", "$lte":
            guard let value = Filter.Value(json: member.value), value.isNumber,
                let bound = FilterBound(rawValue: String(member.key.dropFirst()))
            else { throw refusal(inner, "is \(member.value.kindName), and must be a number") }
            var range = Filter.Range()
            range.set(bound, value)
            return .field(alone, .range(range))
        default:
            throw refusal(
                inner,
                "is not known; there are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $contains and $not_contains")
        }
    }

    private func scalar(_ json: JSON, at place: String) throws(VexFSError) -> Filter.Value {
        guard let value = Filter.Value(json: json) else {
            throw refusal(place, "is \(json.kindName), and must be a string, a number or a boolean")
        }
        return value
    }

    private func list(_ json: JSON, at place: String) throws(VexFSError) -> [Filter.Value] {
        guard case .array(let items) = json, !items.isEmpty else {
            throw refusal(place, "is not a list with at least one value")
        }
        var values: [Filter.Value] = []
        for (index, item) in items.enumerated() {
            values.append(try scalar(item, at: "\(place)[\(index)]"))
            guard kind(item) == kind(items[0]) else {
                throw refusal("\(place)[\(index)]", "is of another type than what stands before it")
            }
        }
        return values
    }

    /// Chroma's types, of which a list has one.
    private func kind(_ json: JSON) -> Int {
        switch json {
        case .bool: 0
        case .integer: 1
        case .number: 2
        default: 3
        }
    }

    func document(_ json: JSON, at place: String) throws(VexFSError) -> Filter {
        guard let members = json.members, members.count == 1, let member = members.first else {
            throw documentRefusal(place, "is not an object with one operator")
        }
        let inner = "\(place).\(member.key)"
        switch (member.key, member.value) {
        case ("$and", .array(let items)), ("$or", .array(let items)):
            try budget.spend(items.count)
            var filters: [Filter] = []
            for (index, item) in items.enumerated() { filters.append(try document(item, at: "\(inner)[\(index)]")) }
            return member.key == "$and" ? .and(filters) : .or(filters)
        case ("$contains", .string(let text)): return .document(.substring(ByteString(text)))
        case ("$not_contains", .string(let text)): return .not(.document(.substring(ByteString(text))))
        case ("$regex", .string(let text)): return .document(.expression(try .withUnicodeClasses(text)))
        case ("$not_regex", .string(let text)): return .not(.document(.expression(try .withUnicodeClasses(text))))
        default:
            throw documentRefusal(
                inner,
                "is not known with such a value; there are $contains, $not_contains, $regex and $not_regex with "
                    + "a string, $and and $or with a list")
        }
    }
}
