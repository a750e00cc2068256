import Foundation
import Testing

@testable import VexFS

/// What a collection, or a snapshot of one, should hold: the same operations, done on dictionaries.
struct BranchModel: Equatable {
    struct File: Equatable {
        var bytes: [UInt8]
        var mode: UInt16 = 0o644
        /// Of a document; nil for scratch.
        var vector: [Float]?
        var color: Int?
        var word: String?
        /// Vectors of no fixed size, in the spaces "sparse" and "several".
        var sparse: SparseVector?
        var several: DocumentVector?
    }

    var files: [String: File] = [:]
    var folders: Set<String> = []

    var documents: [(path: String, file: File)] {
        files.filter { $0.value.vector != nil }.map { ($0.key, $0.value) }
    }

    /// Products of the documents that share a component with a query, best first. The numbers are small and whole, so
    /// that sums are exact.
    func products(_ query: SparseVector, limit: Int) -> [Double] {
        documents.compactMap { $0.file.sparse?.product(with: query) }.filter { $0 > 0 }
            .sorted(by: >).prefix(limit).map { Double($0) }
    }

    /// Max-sim of all documents that have several vectors, best first.
    func similarities(_ query: [Float], limit: Int) -> [Double] {
        documents.compactMap { _, file -> Double? in
            guard case .multiple(let values, let count)? = file.several else { return nil }
            return (0..<count).map { place in
                zip(query, values[(place * query.count)...]).reduce(0) { $0 + Double($1.0 * $1.1) }
            }.max()
        }.sorted(by: >).prefix(limit).map { $0 }
    }

    /// Distances of the nearest documents.
    func nearest(_ query: [Float], color: Int?, below folder: String, limit: Int) -> [Float] {
        documents.filter { path, file in
            (color == nil || file.color == color) && (folder.isEmpty || path.hasPrefix(folder + "/"))
        }.map { _, file in
            zip(file.vector ?? [], query).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
        }.sorted().prefix(limit).map { $0 }
    }
}

extension Collection {
    /// Compares everything that a reader sees with a model.
    func expect(_ model: BranchModel, _ what: String, _ random: inout SeededGenerator) throws {
        try expectFiles(model, what)
        #expect(documentCount == model.documents.count, "\(what)")
        let query = (0..<4).map { _ in Float(Int.random(in: 0..<100, using: &random)) }
        let color = Bool.random(using: &random) ? Int.random(in: 0..<4, using: &random) : nil
        let folder = model.folders.sorted().randomElement(using: &random) ?? ""
        for mode in [QueryRequest.Mode.vector, .exact] {
            var request = QueryRequest(target: .vector(query), title: "q")
            request.mode = mode
            request.limit = 15
            request.folder = folder
            if let color { request.filter = try Filter.parse("color:\(color)") }
            let found = try search(request).hits
            #expect(
                found.map { Float($0.score) } == model.nearest(query, color: color, below: folder, limit: 15),
                "\(what), \(mode), color \(String(describing: color)) in \"\(folder)\"")
        }
        var words = QueryRequest(target: .text("w\(Int.random(in: 0..<5, using: &random))"), title: "w")
        words.mode = .text
        words.limit = 10_000
        if case .text(let word) = words.target {
            let found = Set(try search(words).hits.map(\.path))
            let holders = model.documents.filter { $0.file.word == word }.map { "\(name)/\($0.path)" }
            #expect(found == Set(holders), "\(what), word \(word)")
        }
        try expectStored(model, what, &random)
        var counts: [String: Int] = [:]
        for (_, file) in model.documents { if let color = file.color { counts["\(color)", default: 0] += 1 } }
        let facets = try facetValues(of: "color").map { ($0.value.string, $0.count) }
        #expect(Dictionary(uniqueKeysWithValues: facets) == counts, "\(what), facets")
    }

    /// The searches of vectors of no fixed size.
    private func expectStored(_ model: BranchModel, _ what: String, _ random: inout SeededGenerator) throws {
        let sparse = try SparseVector(
            indices: [0, 1, 2].map { $0 + 4 * UInt32.random(in: 0..<2, using: &random) }, values: [1, 2, 3])
        let several = [Float(Int.random(in: 1..<9, using: &random)), 1]
        var request = QueryRequest(target: .sparse(sparse), title: "q")
        (request.using, request.limit) = ("sparse", 15)
        #expect(try search(request).hits.map(\.score) == model.products(sparse, limit: 15), "\(what), sparse")
        (request.target, request.using) = (.multiple([several]), "several")
        #expect(try search(request).hits.map(\.score) == model.similarities(several, limit: 15), "\(what), several")
    }

    private func expectFiles(_ model: BranchModel, _ what: String) throws {
        var files: [String: BranchModel.File] = [:]
        var folders: Set<String> = []
        var pending: [(String, FileNumber)] = [("", Collection.rootNumber)]
        while let (path, directory) = pending.popLast() {
            var entries: [DirectoryEntry] = []
            list(directory, after: 0) { entry in
                entries.append(entry)
                return true
            }
            for entry in entries {
                let below = path.isEmpty ? entry.name.string : "\(path)/\(entry.name)"
                if entry.kind == .directory {
                    folders.insert(below)
                    pending.append((below, entry.number))
                    continue
                }
                guard let attributes = attributes(of: entry.number) else {
                    Issue.record("\(what): \(below) is listed and gone")
                    continue
                }
                #expect(lookup(entry.name, in: directory)?.number == entry.number, "\(what), \(below)")
                var file = BranchModel.File(bytes: try content(of: entry.number).bytes, mode: attributes.mode)
                if entry.kind == .document {
                    file.vector = try embedding(of: entry.number)
                    if case .sparse(let words)? = try vector(of: entry.number, named: "sparse") { file.sparse = words }
                    file.several = try vector(of: entry.number, named: "several")
                    let facts = try facts(of: entry.number)
                    file.color = facts.metadata["color"]?.integerValue.map { Int($0) }
                    file.word = model.files[below]?.word
                }
                files[below] = file
            }
        }
        #expect(folders == model.folders, "\(what), folders")
        #expect(Set(files.keys) == Set(model.files.keys), "\(what), names")
        let wrong = files.filter { model.files[$0.key] != $0.value }.keys.sorted()
        #expect(wrong.isEmpty, "\(what): \(wrong.prefix(5))")
    }
}
