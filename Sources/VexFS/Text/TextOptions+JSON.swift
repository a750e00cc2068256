/// Text options as settings say them: `"text"` in `config.json`, the options of a model, a field of `schema.json`.
///
/// The keys are those of Qdrant's text index and of its `qdrant/bm25` model; `language` is short for stop words and
/// stems of a language, `stemming` for the stems.
extension TextOptions {
    /// The keys that ``set(_:to:)`` knows.
    static let settingKeys = [
        "language", "tokenizer", "lowercase", "ascii_folding", "stopwords", "stemmer", "stemming", "min_token_len",
        "max_token_len", "phrase_matching",
    ]

    /// Takes over one setting; false where the key is none of ``settingKeys``. `language` comes before the others.
    /// - Throws: `invalidConfiguration` naming the key and what it may be.
    mutating func set(_ key: String, to value: JSON) throws(VexFSError) -> Bool {
        switch key {
        case "language": try setLanguage(value)
        case "tokenizer": tokenizer = try Self.word(key, value, of: Tokenizer.self)
        case "lowercase": lowercase = try Self.flag(key, value)
        case "ascii_folding": asciiFolding = try Self.flag(key, value)
        case "phrase_matching": phraseMatching = try Self.flag(key, value)
        case "stopwords": try setStopwords(value)
        case "stemmer", "stemming": try setStemmer(key, value)
        case "min_token_len": minTokenLength = try Self.length(key, value)
        case "max_token_len": maxTokenLength = try Self.length(key, value)
        default: return false
        }
        return true
    }

    /// The members of an object in the order in which they count: `language` first, what it stands for behind it.
    static func ordered(_ members: [JSON.Member]) -> [JSON.Member] {
        members.filter { $0.key == "language" } + members.filter { $0.key != "language" }
    }

    /// The settings that say these options, each of which ``set(_:to:)`` takes back.
    var members: [JSON.Member] {
        [
            .init("tokenizer", .string(tokenizer.rawValue)), .init("lowercase", .bool(lowercase)),
            .init("ascii_folding", .bool(asciiFolding)),
            .init(
                "stopwords",
                .object([
                    .init("languages", .array(stopwords.languages.map(\.rawValue).sorted().map(JSON.string))),
                    .init("custom", .array(stopwords.words.sorted().map(JSON.string))),
                ])),
            .init("stemmer", stemmer.map { .string($0.rawValue) } ?? .null),
            .init("min_token_len", minTokenLength.map { .integer(Int64($0)) } ?? .null),
            .init("max_token_len", maxTokenLength.map { .integer(Int64($0)) } ?? .null),
            .init("phrase_matching", .bool(phraseMatching)),
        ]
    }

    // MARK: Values

    private mutating func setLanguage(_ value: JSON) throws(VexFSError) {
        guard case .string(let name) = value else {
            throw CollectionConfiguration.refused("language", "a language, or \"none\"")
        }
        let (list, stems) = (Language(rawValue: name.lowercased()), Stemmer(rawValue: name.lowercased()))
        guard list != nil || stems != nil || name.lowercased() == "none" else {
            let known = Set(Language.allCases.map(\.rawValue) + Stemmer.allCases.map(\.rawValue)).sorted()
            throw CollectionConfiguration.refused("language", "\"none\" or one of: \(known.joined(separator: ", "))")
        }
        stopwords = Stopwords(languages: list.map { [$0] } ?? [])
        stemmer = stems
    }

    private mutating func setStopwords(_ value: JSON) throws(VexFSError) {
        let allowed = "a language, a list of words, or {\"languages\": [\u{2026}], \"custom\": [\u{2026}]}"
        var found = Stopwords()
        switch value {
        case .null: break
        case .string(let name):
            if name.lowercased() != "none" { found.languages = [try Self.word("stopwords", .string(name))] }
        case .array(let words): found.words = Set(try Self.strings("stopwords", words, allowed))
        case .object(let members):
            for member in members {
                guard let items = member.value.arrayValue, ["languages", "custom"].contains(member.key) else {
                    throw CollectionConfiguration.refused("stopwords", allowed)
                }
                if member.key == "custom" {
                    found.words = Set(try Self.strings("stopwords", items, allowed))
                    continue
                }
                for item in items { found.languages.insert(try Self.word("stopwords", item)) }
            }
        default: throw CollectionConfiguration.refused("stopwords", allowed)
        }
        stopwords = found
    }

    private mutating func setStemmer(_ key: String, _ value: JSON) throws(VexFSError) {
        switch value {
        case .null, .bool(false): stemmer = nil
        case .bool(true): stemmer = stopwords.languages.compactMap { Stemmer(rawValue: $0.rawValue) }.first ?? .english
        case .string(let name): stemmer = name.lowercased() == "none" ? nil : try Self.word(key, .string(name))
        case .object where value["type"] == .string("none"): stemmer = nil
        case .object:
            guard value["type"] == nil || value["type"] == .string("snowball"), let language = value["language"] else {
                throw CollectionConfiguration.refused(key, "{\"type\": \"snowball\", \"language\": \u{2026}}")
            }
            stemmer = try Self.word(key, language)
        default: throw CollectionConfiguration.refused(key, "a language, true, false or null")
        }
    }

    private static func word<Word: RawRepresentable & CaseIterable>(
        _ key: String, _ value: JSON, of type: Word.Type = Word.self
    ) throws(VexFSError) -> Word where Word.RawValue == String {
        guard case .string(let text) = value, let word = Word(rawValue: text.lowercased()) else {
            let known = Word.allCases.map(\.rawValue).joined(separator: ", ")
            throw CollectionConfiguration.refused(key, "one of: \(known)")
        }
        return word
    }

    private static func flag(_ key: String, _ value: JSON) throws(VexFSError) -> Bool {
        guard case .bool(let flag) = value else { throw CollectionConfiguration.refused(key, "true or false") }
        return flag
    }

    private static func length(_ key: String, _ value: JSON) throws(VexFSError) -> Int? {
        value == .null ? nil : try CollectionConfiguration.number(key, value, 0...65_536)
    }

    private static func strings(_ key: String, _ items: [JSON], _ allowed: String) throws(VexFSError) -> [String] {
        var found: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw CollectionConfiguration.refused(key, allowed) }
            found.append(text)
        }
        return found
    }
}
