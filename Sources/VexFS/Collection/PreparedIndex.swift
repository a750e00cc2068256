/// One of the indexes of a collection that are made when they are first asked for.
enum PreparedIndex: Sendable, Hashable {
    /// Of the documents' words.
    case words
    /// Of the documents' texts, for substrings.
    case texts
    /// Of the names of the metadata's fields.
    case names
    /// Of the sparse vectors of that name.
    case sparse(String)
    /// Of the values at a path, and of a part of what conditions ask of them.
    case column(String, ColumnPart?)

    /// How the store keeps it: `docs/format.md`, "Used indexes".
    var text: String {
        switch self {
        case .words: "words"
        case .texts: "texts"
        case .names: "names"
        case .sparse(let name): "sparse:" + name
        case .column(let path, nil): "column:" + path
        case .column(let path, let part?): "column.\(part.rawValue):" + path
        }
    }

    /// Reads what the store keeps; nil for what this program does not know.
    init?(_ text: String) {
        switch text {
        case "words": self = .words
        case "texts": self = .texts
        case "names": self = .names
        default:
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let name = String(text[text.utf8.index(after: colon)...])
            let kind = String(text[..<colon])
            if kind == "sparse" {
                self = .sparse(name)
            } else if kind == "column" {
                self = .column(name, nil)
            } else if kind.hasPrefix("column."), let part = ColumnPart(rawValue: String(kind.dropFirst(7))) {
                self = .column(name, part)
            } else {
                return nil
            }
        }
    }
}

/// The indexes that searches used, each with the day of the last time: what is prepared after the next open.
struct UsedIndexes: Sendable, Equatable {
    /// The property of a collection that has them.
    static let property = "index/used"
    /// What nobody used for so many days is not prepared any more.
    private static let keptDays: Int64 = 30

    /// Days since 1970.
    private(set) var days: [PreparedIndex: Int64] = [:]

    init() {}

    /// Reads what the store kept.
    /// - Parameter today: the day since 1970.
    init(json: JSON, today: Int64) {
        for member in json.members ?? [] {
            guard let index = PreparedIndex(member.key), let day = member.value.integerValue else { continue }
            if today - day <= Self.keptDays { days[index] = day }
        }
    }

    var json: JSON {
        .object(days.map { JSON.Member($0.key.text, .integer($0.value)) }.sorted { $0.key < $1.key })
    }

    /// Notes that indexes are used.
    mutating func note(_ indexes: Set<PreparedIndex>, today: Int64) { for index in indexes { days[index] = today } }

    /// The day that it is, since 1970.
    static var today: Int64 { SystemCall.now() / 86_400_000_000_000 }
}

/// How far the preparation of a collection's indexes is.
struct PreparationFigures: Sendable {
    /// Indexes to prepare, and those that are.
    var indexes = 0
    var prepared = 0
    /// Rows that these were to read, and those that they did.
    var rows = 0
    var preparedRows = 0
}
