/// How long and how much the trash of a collection keeps: `"trash"` in `.vexfs/config.json`. A zero switches it off.
public struct TrashSettings: Sendable, Equatable {
    /// How long a removed document is kept.
    public var seconds = 7 * 86_400
    /// How many are kept.
    public var documents = 1000
    /// How many bytes their contents may have together.
    public var bytes = 64 << 20

    /// The defaults.
    public init() {}

    /// Whether anything is kept at all.
    var isOn: Bool { seconds > 0 && documents > 0 && bytes > 0 }

    /// Before this time nothing that was removed is kept. Nanoseconds since 1970.
    func oldest(at now: Int64) -> Int64 {
        isOn ? now - Int64(seconds) * 1_000_000_000 : Int64.max
    }

    /// What `config.json` shows.
    var json: JSON {
        .object([
            .init("seconds", .integer(Int64(seconds))), .init("documents", .integer(Int64(documents))),
            .init("bytes", .integer(Int64(bytes))),
        ])
    }

    /// Takes over the keys of an object; keys that are not there stay as they are.
    /// - Throws: `invalidConfiguration`.
    mutating func merge(_ json: JSON) throws(VexFSError) {
        guard case .object(let members) = json else {
            throw CollectionConfiguration.refused("trash", "an object with \"seconds\", \"documents\" and \"bytes\"")
        }
        for member in members {
            let name = "trash.\(member.key)"
            switch member.key {
            case "seconds": seconds = try CollectionConfiguration.number(name, member.value, 0...3_153_600_000)
            case "documents": documents = try CollectionConfiguration.number(name, member.value, 0...100_000)
            case "bytes": bytes = try CollectionConfiguration.number(name, member.value, 0...(1 << 40))
            default:
                throw VexFSError(
                    .invalidConfiguration,
                    "there is no setting \"\(name)\"; the settings of the trash are: seconds, documents, bytes")
            }
        }
    }
}
