extension Filter {
    /// Whether a document matches, by looking at it: the definition that every index has to agree with.
    public func matches(_ subject: FilterSubject) -> Bool {
        switch self {
        case .and(let filters): return filters.allSatisfy { $0.matches(subject) }
        case .or(let filters): return filters.contains { $0.matches(subject) }
        case .not(let filter): return !filter.matches(subject)
        case .atLeast(let count, let filters): return filters.count { $0.matches(subject) } >= count
        case .field(let path, let condition): return condition.isMet(by: path.values(in: subject.payload))
        case .document(let condition): return subject.text.map(condition.isMet(by:)) ?? false
        case .nested(let path, let filter):
            return path.appending(.each).values(in: subject.payload).contains { element in
                element.members != nil && filter.matches(FilterSubject(payload: element))
            }
        case .hasID(let ids): return ids.contains(subject.id)
        case .hasVector(let name): return subject.vectors.contains(name)
        case .slice(let slice): return !subject.id.isEmpty && slice.contains(DocumentSlice.hash(of: subject.id))
        }
    }

    /// Whether a document with this metadata and nothing else matches.
    public func matches(_ payload: JSON) -> Bool { matches(FilterSubject(payload: payload)) }
}

extension FieldCondition {
    /// Whether the values at a path meet the condition.
    func isMet(by values: [JSON]) -> Bool {
        switch self {
        case .exists: return values.contains { !$0.isNull }
        case .isEmpty: return values.allSatisfy(Self.isEmptyValue)
        case .isNull: return Self.leaves(of: values).contains(where: \.isNull)
        case .count(let range):
            return values.isEmpty
                ? range.contains(.integer(0)) : values.contains { range.contains(.integer(Self.count(of: $0))) }
        case .geo(let area): return values.contains { GeoPoint.points(of: $0).contains(where: area.contains) }
        case .except(let unwanted):
            return Self.leaves(of: values).contains { leaf in
                if unwanted.values.isEmpty { return !leaf.isNull }
                guard let value = Filter.Value(json: leaf) else { return false }
                return unwanted.hasKind(of: value) && !unwanted.contains(value)
            }
        default: return Self.leaves(of: values).contains { Filter.Value(json: $0).map(isMet(by:)) ?? false }
        }
    }

    /// Whether one scalar meets a condition that looks at scalars.
    private func isMet(by value: Filter.Value) -> Bool {
        switch (self, value) {
        case (.anyOf(let wanted), _): wanted.contains(value)
        case (.range(let range), _): range.contains(value)
        case (.time(let range), .string(let text)): PayloadTime(text.string).map(range.contains) ?? false
        case (.uuid(let wanted), .string(let text)): PayloadUUID(text.string).map(wanted.contains) ?? false
        case (.string(let condition), .string(let text)): condition.isMet(by: text)
        default: false
        }
    }

    /// The values with arrays replaced by their elements.
    static func leaves(of values: [JSON]) -> [JSON] { values.flatMap { $0.arrayValue ?? [$0] } }

    static func isEmptyValue(_ json: JSON) -> Bool { json.isNull || json.arrayValue?.isEmpty == true }

    /// How many values a value is.
    static func count(of json: JSON) -> Int64 { json.isNull ? 0 : Int64(json.arrayValue?.count ?? 1) }
}

extension StringCondition {
    /// Whether a string meets the condition.
    func isMet(by text: ByteString) -> Bool {
        switch self {
        case .words(let words): FilterWords(words.string).match(text)
        case .tokens(let query): TokenMatcher.prepared(query)?.matches(text) ?? false
        case .prefix(let start): text.string.utf8.starts(with: start.string.utf8)
        case .substring(let part): text.contains(part)
        case .expression(let expression): expression.matches(text)
        }
    }
}
