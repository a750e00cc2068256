/// The operators of a JSON filter that look at one value.
extension FilterReader {
    static let operators = "$and, $or, $not, $at_least, $document, $id, $vector and $slice"

    private static let fieldOperators =
        "$eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $except, $exists, $empty, $null, $count, $not, $element, "
        + "\(stringOperators), $uuid, $radius, $box and $polygon"

    private static let stringOperators =
        "$text, $contains, $tokens, $any_token, $phrase, $prefix, $substring, $regex"

    /// The condition of an operator and its value on a field.
    mutating func single(_ member: JSON.Member, _ field: PayloadPath, at place: String) throws(VexFSError) -> Filter {
        let value = member.value
        switch member.key {
        case "$eq" where value.isNull: return .not(.exists(field: field))
        case "$ne" where value.isNull: return .exists(field: field)
        case "$eq": return .anyOf(field: field, values: [try self.value(value, at: place)])
        case "$ne": return .not(.anyOf(field: field, values: [try self.value(value, at: place)]))
        case "$in": return .anyOf(field: field, values: try values(value, at: place))
        case "$nin": return .not(.anyOf(field: field, values: try values(value, at: place)))
        case "$except": return .field(field, .except(ValueList(try values(value, at: place))))
        case "$exists": return try flag(.field(field, .exists), value, at: place)
        case "$empty": return try flag(.field(field, .isEmpty), value, at: place)
        case "$null": return try flag(.field(field, .isNull), value, at: place)
        case "$count": return .field(field, .count(try count(value, at: place)))
        case "$uuid":
            guard case .string(let text) = value, let uuid = PayloadUUID(text) else {
                throw error(place, "is not a UUID")
            }
            return .field(field, .uuid([uuid]))
        case "$radius": return .field(field, .geo(try GeoArea(radius: value, at: place)))
        case "$box": return .field(field, .geo(try GeoArea(box: value, at: place)))
        case "$polygon": return .field(field, .geo(try GeoArea(polygon: value, at: place)))
        default:
            guard let condition = try string(member, at: place) else {
                throw error(place, "is not known; a field's operators are \(Self.fieldOperators)")
            }
            return .field(field, .string(condition))
        }
    }

    /// The condition on a string, nil for another operator.
    private func string(_ member: JSON.Member, at place: String) throws(VexFSError) -> StringCondition? {
        let names = ["$text", "$contains", "$tokens", "$any_token", "$phrase", "$prefix", "$substring", "$regex"]
        guard names.contains(member.key) else { return nil }
        guard case .string(let text) = member.value else {
            throw error(place, "is \(member.value.kindName), and must be a string with at least one word")
        }
        switch member.key {
        case "$prefix": return .prefix(ByteString(text))
        case "$substring": return .substring(ByteString(text))
        case "$regex": return .expression(try RegularExpression(text))
        default: break
        }
        guard !FilterWords(text).isEmpty else { throw error(place, "is not a string with at least one word") }
        switch member.key {
        case "$tokens": return .tokens(TokenQuery(.all, text, options: TextOptions()))
        case "$any_token": return .tokens(TokenQuery(.any, text, options: TextOptions()))
        case "$phrase": return .tokens(TokenQuery(.phrase, text, options: TextOptions()))
        default: return .words(ByteString(text))
        }
    }

    private func flag(_ filter: Filter, _ json: JSON, at place: String) throws(VexFSError) -> Filter {
        guard case .bool(let wanted) = json else { throw error(place, "is not true or false") }
        return wanted ? filter : .not(filter)
    }

    /// A count, or bounds of it with or without `$`.
    private func count(_ json: JSON, at place: String) throws(VexFSError) -> Filter.Range {
        if case .integer(let count) = json, count >= 0 {
            return Filter.Range(atLeast: .integer(count), atMost: .integer(count))
        }
        let plain = json.members?.map { member in
            JSON.Member(member.key.first == "$" ? String(member.key.dropFirst()) : member.key, member.value)
        }
        return try FilterValues.counts(plain.map { .object($0) } ?? json, at: place)
    }

    /// The condition of an operator on the document itself.
    mutating func ofDocument(_ member: JSON.Member, at place: String) throws(VexFSError) -> Filter {
        switch member.key {
        case "$id":
            let list = member.value.arrayValue ?? [member.value]
            try spend(list.count)
            return .hasID(try FilterValues.ids(.array(list), at: place))
        case "$vector":
            guard case .string(let name) = member.value else { throw error(place, "is not the name of a vector") }
            return .hasVector(ByteString(name))
        case "$slice": return .slice(try FilterValues.slice(member.value, at: place))
        default: break
        }
        guard let members = member.value.members, !members.isEmpty else {
            throw error(place, "is not an object of operators")
        }
        var filters: [Filter] = []
        for member in members {
            let inner = "\(place).\(member.key)"
            try spend()
            guard let condition = try string(member, at: inner) else {
                throw error(inner, "is not known; the text's operators are \(Self.stringOperators)")
            }
            filters.append(.document(condition))
        }
        return filters.count == 1 ? filters[0] : .and(filters)
    }
}
