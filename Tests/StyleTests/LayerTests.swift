import Testing

/// Imports point down the table of modules, never up.
@Suite struct LayerTests {
    /// What each module may import.
    static let table: [String: Set<String>] = [
        "VexValues": ["Glibc", "Synchronization", "CJansson", "CSimdjson"],
        "VexFS": ["Glibc", "Synchronization", "VexValues", "CVexKernels", "CRocksDB", "CStemmer", "CRE2"],
        "VexEmbedding": ["Glibc", "Synchronization", "VexFS", "CVexKernels"],
        "VexWire": ["VexValues"],
        "VexService": ["Glibc", "Synchronization", "VexFS", "VexWire"],
        "VexFUSE": ["Glibc", "Synchronization", "VexFS", "VexEmbedding", "VexService", "VexWire", "CFuseShim"],
        "vexfs-fuse": ["Glibc", "Synchronization", "VexFS", "VexEmbedding", "VexFUSE", "CFuseShim"],
        "vexfs-adapter": ["Glibc", "Synchronization", "VexValues", "VexWire", "CMicrohttpd"],
    ]

    @Test(arguments: table.keys.sorted())
    func imports(module: String) {
        let files = Repository.files("swift", in: "Sources/\(module)/")
        #expect(!files.isEmpty)
        for file in files {
            for line in file.lines {
                guard let name = Self.imported(line), Self.table[module]?.contains(name) == false else { continue }
                Issue.record("\(file.path) imports \(name)")
            }
        }
    }

    @Test func everyModuleIsInTheTable() {
        let modules = Set(
            Repository.files("swift", in: "Sources/").compactMap { $0.path.split(separator: "/").dropFirst().first })
        for module in modules where Self.table[String(module)] == nil {
            Issue.record("\(module) has no row in the table")
        }
    }

    @Test func kernelsAllocateNothing() {
        for file in Repository.files("c", "h", in: "Sources/CVexKernels/") {
            for (index, line) in file.lines.enumerated()
            where ["malloc(", "calloc(", "realloc(", "aligned_alloc("].contains(where: line.contains) {
                Issue.record("\(file.path):\(index + 1) allocates")
            }
        }
    }

    /// The module that a line imports, or nil.
    static func imported(_ line: String) -> String? {
        let words = line.split(separator: " ")
        guard let position = words.firstIndex(of: "import"), position <= 1, words.count > position + 1,
            position == 0 || words[0].hasPrefix("@") || words[0].hasSuffix("public") || words[0].hasSuffix("internal")
        else { return nil }
        let name = ["struct", "class", "enum", "func"].contains(words[position + 1]) ? words.last : words[position + 1]
        return name?.split(separator: ".").first.map(String.init)
    }
}
