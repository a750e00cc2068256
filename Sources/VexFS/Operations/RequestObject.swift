/// The members of a JSON object of a request, with where it stands, for sentences. Members that are null count as
/// missing.
struct RequestObject {
    private let members: [JSON.Member]
    private let place: String

    /// Takes an object whose members are among `keys`.
    /// - Throws: `invalidQuery`.
    init(_ json: JSON, at place: String, keys: Set<String>) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw Self.refused(place, "is \(json.kindName), and must be an object")
        }
        self.members = members.filter { !$0.value.isNull }
        self.place = place
        if let unknown = self.members.first(where: { !keys.contains($0.key) }) {
            throw refused(unknown.key, "is not known here; known are \(keys.sorted().joined(separator: ", "))")
        }
    }

    /// A member and where it stands.
    func value(_ key: String) -> (JSON, String)? {
        members.last { $0.key == key }.map { ($0.value, inner(key)) }
    }

    func string(_ key: String) throws(VexFSError) -> String? {
        guard let (json, _) = value(key) else { return nil }
        guard let text = json.stringValue else { throw refused(key, "is \(json.kindName), and must be a string") }
        return text
    }

    func number(_ key: String) throws(VexFSError) -> Double? {
        guard let (json, _) = value(key) else { return nil }
        guard let number = json.numberValue else { throw refused(key, "is \(json.kindName), and must be a number") }
        return number
    }

    func bool(_ key: String) throws(VexFSError) -> Bool? {
        guard let (json, _) = value(key) else { return nil }
        guard let value = json.boolValue else { throw refused(key, "is \(json.kindName), and must be true or false") }
        return value
    }

    func integer(_ key: String, _ range: ClosedRange<Int>) throws(VexFSError) -> Int? {
        guard let (json, _) = value(key) else { return nil }
        guard case .integer(let number) = json, range.contains(Int(number)) else {
            throw refused(key, "must be an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return Int(number)
    }

    func required<Value>(_ value: Value?, _ key: String) throws(VexFSError) -> Value {
        guard let value else { throw refused(key, "is missing") }
        return value
    }

    /// The error that says what is wrong with a member.
    func refused(_ key: String, _ problem: String) -> VexFSError { Self.refused(inner(key), problem) }

    /// The error that says what is wrong with the object.
    func refused(_ problem: String) -> VexFSError { Self.refused(place, problem) }

    static func refused(_ place: String, _ problem: String) -> VexFSError {
        VexFSError(.invalidQuery, "\(place.isEmpty ? "the query" : place) \(problem)")
    }

    private func inner(_ key: String) -> String { place.isEmpty ? key : "\(place).\(key)" }
}
