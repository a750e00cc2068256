import Synchronization

/// What makes a sparse vector of a text: the options of ``BM25``, as settings say them.
public struct TextModel: Sendable, Hashable {
    /// The names under which clients know it.
    public static let names: Set<String> = ["bm25", "qdrant/bm25"]

    /// How texts become tokens.
    public var text = TextOptions.english
    /// How much further occurrences of a token count.
    public var k = 1.2
    /// How much the length of a document counts, 0…1.
    public var b = 0.75
    /// The length in tokens that is neither long nor short.
    public var averageLength = 256.0

    /// The defaults of `qdrant/bm25`.
    public init() {}

    /// The defaults with other ways to make tokens.
    init(text: TextOptions) { self.text = text }

    /// Reads an object of options over these.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    public init(options json: JSON) throws(VexFSError) {
        try merge(json)
        _ = try bm25()
    }

    /// Whether a model of that name is this kind of model.
    public static func isNamed(_ name: String) -> Bool { names.contains(name.lowercased()) }

    mutating func merge(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw CollectionConfiguration.refused("options", "an object of options")
        }
        for member in TextOptions.ordered(members) {
            switch member.key {
            case "k": k = try Self.number(member)
            case "b": b = try Self.number(member)
            case "avg_len": averageLength = try Self.number(member)
            default:
                guard try text.set(member.key, to: member.value) else {
                    let known = (["k", "b", "avg_len"] + TextOptions.settingKeys).joined(separator: ", ")
                    throw VexFSError(
                        .invalidConfiguration, "there is no option \"\(member.key)\"; the options are: \(known)")
                }
            }
        }
    }

    /// The options, which ``init(options:)`` takes back.
    var json: JSON {
        .object(
            [.init("k", .number(k)), .init("b", .number(b)), .init("avg_len", .number(averageLength))] + text.members)
    }

    private static func number(_ member: JSON.Member) throws(VexFSError) -> Double {
        guard let number = member.value.numberValue else {
            throw CollectionConfiguration.refused(member.key, "a number")
        }
        return number
    }

    // MARK: The model itself

    /// Prepared models: stop words and stemmers are shared by all who use the same options.
    private static let prepared = Mutex<[TextModel: BM25]>([:])
    private static let preparedMaximum = 64

    /// The model, prepared once for these options.
    /// - Throws: `invalidConfiguration` where the options contradict each other.
    public func bm25() throws(VexFSError) -> BM25 {
        if let known = Self.prepared.withLock({ $0[self] }) { return known }
        let new = try BM25(options: text, k: k, b: b, averageLength: averageLength)
        Self.prepared.withLock { prepared in
            if prepared.count >= Self.preparedMaximum { prepared.removeAll() }
            prepared[self] = new
        }
        return new
    }
}
