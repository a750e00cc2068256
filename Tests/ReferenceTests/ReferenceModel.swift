import Foundation
import TestSupport

/// What the file system should hold: the same operations, done on dictionaries.
struct ReferenceModel {
    /// A file, or a document where it has a vector.
    struct File: Equatable {
        var bytes: [UInt8]
        var mode: UInt32 = 0o644
        /// The vector of a document; nil for scratch.
        var vector: [Float]?
        /// The metadata the bytes say.
        var metadata: [String: Int] = [:]
        /// The metadata set by extended attributes, which come first.
        var patches: [String: Int] = [:]

        /// Everything but the bytes.
        var summary: String { "\(bytes.count) bytes, vector \(vector ?? []), says \(metadata), patched \(patches)" }

        /// The value that a filter sees.
        func value(_ key: String) -> Int? { patches[key] ?? metadata[key] }
    }

    /// Files by path below the collection.
    var files: [String: File] = [:]
    /// Documents that were removed and can be moved back, with the paths that they had.
    var trash: [(path: String, file: File)] = []
    /// Folders by path; the collection itself is "".
    var folders: Set<String> = [""]

    /// Whether anything has the name.
    func isTaken(_ path: String) -> Bool { files[path] != nil || folders.contains(path) }

    /// Whether a folder holds nothing.
    func isEmpty(_ folder: String) -> Bool {
        let prefix = folder + "/"
        return !files.keys.contains { $0.hasPrefix(prefix) } && !folders.contains { $0.hasPrefix(prefix) }
    }

    /// What a snapshot shows: the trash is no part of it.
    var withoutTrash: ReferenceModel {
        var copy = self
        copy.trash = []
        return copy
    }

    /// Removes a file; a document goes to the trash.
    mutating func remove(_ path: String) {
        guard let file = files.removeValue(forKey: path) else { return }
        if file.vector != nil { trash.append((path, file)) }
        if trash.count > 1000 { trash.removeFirst() }
    }

    /// Moves a folder with everything below it.
    mutating func moveFolder(_ from: String, to: String) {
        func moved(_ path: String) -> String {
            path == from ? to : path.hasPrefix(from + "/") ? to + path.dropFirst(from.count) : path
        }
        files = Dictionary(uniqueKeysWithValues: files.map { (moved($0.key), $0.value) })
        folders = Set(folders.map(moved))
    }

    /// Ids and scores of all documents below a folder, by inner product, best first; equal scores in the order of ids.
    func search(_ query: [Float], in folder: String, where filter: (key: String, value: Int)?) -> [(String, Double)] {
        var found: [(id: String, score: Double)] = []
        for (path, file) in files {
            guard let vector = file.vector, folder.isEmpty || path.hasPrefix(folder + "/") else { continue }
            if let filter, file.value(filter.key) != filter.value { continue }
            found.append((String(path.dropLast(5)), Double(zip(vector, query).reduce(Float(0)) { $0 + $1.0 * $1.1 })))
        }
        return found.sorted { $0.score != $1.score ? $0.score > $1.score : $0.id < $1.id }.map { ($0.id, $0.score) }
    }
}

/// A difference between the file system and the model.
struct Divergence: Error, CustomStringConvertible {
    var description: String
}
