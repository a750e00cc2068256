/// What must hold of the tables of a tree at any time. Tests ask after changes; a build with assertions asks whenever
/// a tree takes over an image.
extension FileTree {
    /// What does not hold, nil where all does. O(files).
    var brokenInvariant: String? {
        if let broken = files.brokenInvariant { return broken }
        guard files[Collection.rootNumber]?.kind == .directory, directories[Collection.rootNumber] != nil else {
            return "the collection has no directory of its own"
        }
        var children: [FileNumber: (files: Int, directories: UInt32)] = [:]
        var broken: String?
        files.records.forEach(from: 0) { place, file in
            let number = FileNumber(place)
            if (file.kind == .directory) != (directories[number] != nil) { broken = "\(number) is half a directory" }
            if number != Collection.rootNumber {
                children[FileNumber(file.parent), default: (0, 0)].files += 1
                if file.kind == .directory { children[FileNumber(file.parent), default: (0, 0)].directories += 1 }
                broken = broken ?? brokenInvariant(of: file, number)
            }
            return broken == nil
        }
        if let broken { return broken }
        for (number, directory) in directories {
            let found = children[number] ?? (0, 0)
            guard directory.count == found.files, directory.subdirectories == found.directories else {
                return "directory \(number) counts \(directory.count) and \(directory.subdirectories), has \(found)"
            }
            if let broken = directory.brokenInvariant { return "directory \(number): \(broken)" }
        }
        return nil
    }

    private func brokenInvariant(of file: PackedFile, _ number: FileNumber) -> String? {
        guard let directory = directories[FileNumber(file.parent)] else { return "\(number) has no directory" }
        guard directory.entries[Int(truncatingIfNeeded: file.cookie)] == UInt32(number) else {
            return "\(number) is not where its directory lists it"
        }
        guard files.withName(of: file, number, { $0.count == Int(file.nameLength) && hash($0) == file.nameHash }) else {
            return "\(number) has another name than its hash is of"
        }
        var candidates = directory.index.candidates(file.nameHash)
        while let candidate = candidates.next() {
            if FileNumber(candidate) == number { return nil }
        }
        return "\(number) is not found by its name"
    }
}

extension TreeDirectory {
    /// What does not hold of its own tables, nil where all does. O(entries).
    var brokenInvariant: String? {
        if let broken = entries.brokenInvariant ?? index.brokenInvariant { return broken }
        guard index.count == entries.count else { return "\(index.count) names for \(entries.count) entries" }
        let isBehind = entries.chunks.count * TableChunk<UInt32>.span < Int(nextCookie)
        return isBehind || entries.count(from: Int(nextCookie)) == 0 || entries[Int(nextCookie)] == nil
            ? nil : "the next cookie is taken"
    }
}

extension TreeFiles {
    /// What does not hold of the tables, nil where all does. O(chunks).
    fileprivate var brokenInvariant: String? {
        if let broken = records.brokenInvariant { return broken }
        for (place, chunk) in records.chunks.enumerated() {
            let hasNames = place < arenas.count && arenas[place] != nil
            if (chunk != nil) != hasNames { return "chunk \(place) of files has no names, or names have no files" }
        }
        return arenas.count > records.chunks.count ? "there are names behind the last file" : nil
    }
}

extension SparseTable {
    /// What does not hold of the table, nil where all does. O(chunks).
    var brokenInvariant: String? {
        if let last = chunks.last, last == nil { return "the last chunk is none" }
        var total = 0
        for (place, chunk) in chunks.enumerated() {
            guard let chunk else { continue }
            guard chunk.count > 0, chunk.count == chunk.words.count else {
                return "chunk \(place) has \(chunk.count) elements and \(chunk.words.count) bits"
            }
            total += chunk.count
        }
        return total == count ? nil : "chunks have \(total) elements, the table counts \(count)"
    }
}
