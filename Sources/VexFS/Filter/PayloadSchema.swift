/// Which fields an index was asked for, and for which conditions: `schema.json`.
///
/// `{"indexed": ["lang"], "when": {"type": "datetime", "index": true}}`: a list of fields, or a field with a type. Both
/// may stand together; a field with `"index": false` has no index until it is filtered on.
public struct PayloadSchema: Sendable, Equatable {
    /// A field with what its index is prepared for, nil for what its values are.
    public struct Field: Sendable, Equatable {
        /// The dotted path.
        public var name: String
        /// What for.
        public var type: PayloadType?
        /// For texts: how they are cut into tokens where a filter does not say it; nil for words in lower case.
        public var text: TextOptions?
        /// Creates a field.
        public init(name: String, type: PayloadType? = nil, text: TextOptions? = nil) {
            self.name = name
            self.type = type
            self.text = text
        }
    }

    /// The fields to index, in the order in which they were named.
    public private(set) var fields: [Field] = []
    /// The fields whose index is to go.
    public private(set) var dropped: [String] = []

    /// A schema of these fields.
    public init(fields: [Field]) { self.fields = fields }

    /// Reads `schema.json`.
    /// - Throws: `invalidConfiguration`.
    public init(json: JSON) throws(VexFSError) {
        guard case .object(let members) = json, !members.isEmpty else {
            throw Self.error(#"must be a JSON object: {"indexed": ["field"]} or {"field": {"type": "keyword"}}"#)
        }
        for member in members {
            switch member.value {
            case .array(let items) where member.key == "indexed": try addList(items)
            case .object(let settings) where !member.key.isEmpty: try add(member.key, settings)
            default:
                throw Self.error(
                    #"has "\#(member.key)", which is neither "indexed" with a list of field names nor a field with "#
                        + #"{"type": …, "index": true}"#)
            }
        }
    }

    private static func error(_ problem: String) -> VexFSError {
        VexFSError(.invalidConfiguration, "the schema \(problem)")
    }

    private mutating func addList(_ items: [JSON]) throws(VexFSError) {
        for item in items {
            guard case .string(let field) = item, !field.isEmpty else {
                throw Self.error(#"needs a list of field names as "indexed""#)
            }
            set(Field(name: field))
        }
    }

    private mutating func add(_ name: String, _ settings: [JSON.Member]) throws(VexFSError) {
        var field = Field(name: name)
        var isIndexed = true
        for setting in TextOptions.ordered(settings) {
            switch (setting.key, setting.value) {
            case ("type", .string(let text)):
                guard let known = PayloadType(rawValue: text) else {
                    let types = PayloadType.allCases.map(\.rawValue).joined(separator: ", ")
                    throw Self.error(#"has the type "\#(text)" for "\#(name)"; there are: \#(types)"#)
                }
                field.type = known
            case ("index", .bool(let value)): isIndexed = value
            default:
                var options = field.text ?? TextOptions()
                guard try options.set(setting.key, to: setting.value) else {
                    throw Self.error(
                        #"has "\#(setting.key)" for "\#(name)"; there are: type (a string), index (true or false), "#
                            + "and for texts: \(TextOptions.settingKeys.joined(separator: ", "))")
                }
                field.text = options
            }
        }
        if let options = field.text {
            guard field.type == .text else {
                throw Self.error(#"has options of texts for "\#(name)", which needs "type": "text" then"#)
            }
            _ = try TextAnalyzer(options)
        }
        if isIndexed { set(field) } else { dropped.append(name) }
    }

    /// A field that is named twice keeps the type that was given.
    private mutating func set(_ field: Field) {
        guard let index = fields.firstIndex(where: { ByteString($0.name) == ByteString(field.name) }) else {
            fields.append(field)
            return
        }
        if field.type != nil { fields[index] = field }
    }

    /// `schema.json`, as it can be written again.
    public var json: JSON {
        let names = JSON.Member("indexed", .array(fields.map { .string($0.name) }))
        return .object(
            [names]
                + fields.compactMap { field in
                    field.type.map { type in
                        JSON.Member(
                            field.name,
                            .object(
                                [.init("type", .string(type.rawValue)), .init("index", .bool(true))]
                                    + (field.text?.members ?? [])))
                    }
                })
    }

    // MARK: In the store

    /// What the store keeps: a list of names, and of `{"field": name, "type": type}` for those with a type.
    var stored: JSON {
        .array(
            fields.map { field in
                guard let type = field.type else { return .string(field.name) }
                let named = [JSON.Member("field", .string(field.name)), .init("type", .string(type.rawValue))]
                return .object(named + (field.text.map { [.init("text", .object($0.members))] } ?? []))
            })
    }

    /// Reads what the store kept; what it cannot know is left out, as an index is only for speed.
    init(stored json: JSON) {
        for item in json.arrayValue ?? [] {
            if case .string(let name) = item {
                set(Field(name: name))
            } else if let name = item["field"]?.stringValue {
                var field = Field(name: name, type: item["type"]?.stringValue.flatMap(PayloadType.init(rawValue:)))
                if let members = item["text"]?.members {
                    var options = TextOptions()
                    for member in members { _ = try? options.set(member.key, to: member.value) }
                    field.text = options
                }
                set(field)
            }
        }
    }
}
