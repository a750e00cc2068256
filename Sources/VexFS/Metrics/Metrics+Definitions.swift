extension Metrics {
    /// What only ever grows. The name, without the prefix `vexfs_` and the suffix `_total`, and the help text follow.
    public enum Counter: Int, CaseIterable, Sendable {
        case documentsCommitted, documentsRemoved, documentsRefused, documentBytesWritten, documentBytesRead
        case bulkLines, bulkLinesRefused
        case embeddings, embeddingTokens, embeddingsTruncated, embeddingFailures
        case embeddingCacheHits, embeddingCacheMisses
        case searches, searchFailures, searchCandidates, searchResults, filterRowsScanned
        case answerCacheHits, answerCacheMisses
        case commitBatches, storeSyncs, vectorBytesWritten, recoveredRows
        case segmentsBuilt, segmentRowsBuilt, recallSamples
        case logicalErrors
    }

    /// What is distributed: buckets, sum and count.
    public enum Histogram: Int, CaseIterable, Sendable {
        case searchSeconds, searchEmbedSeconds, searchFilterSeconds, searchScanSeconds, searchFetchSeconds
        case embeddingSeconds, embeddingBatchSize
        case commitSeconds, commitBatchSize, syncSeconds
        case queueWaitSeconds, bulkBatchSeconds, segmentBuildSeconds
    }

    /// What goes up and down, read when it is shown.
    public enum Gauge: Int, CaseIterable, Sendable {
        case collections, documents, documentsPending, openHandles, knownInodes, draftBytes
        case workerQueueDepth, residentMemoryBytes, startTimeSeconds
        case indexSegments, indexScannedRows, indexMappedBytes, indexMemoryBytes, searchRecall
    }

    /// The file system operations, named as the kernel names them.
    public enum Operation: Int, CaseIterable, Sendable {
        case lookup, forget, getattr, setattr, readlink, mknod, mkdir, unlink, rmdir, symlink, rename, link
        case open, read, write, flush, release, fsync, opendir, readdir, readdirplus, releasedir, fsyncdir
        case statfs, setxattr, getxattr, listxattr, removexattr, access, create, ioctl, poll, fallocate
        case lseek, copyFileRange

        /// The value of the label `operation`.
        public var label: String { self == .copyFileRange ? "copy_file_range" : String(describing: self) }
    }
}

extension Metrics.Counter {
    /// The name in the Prometheus text.
    public var name: String { "vexfs_\(definition.name)_total" }
    /// One sentence on what is counted.
    public var help: String { definition.help }

    private var definition: (name: String, help: String) {
        switch self {
        case .documentsCommitted: ("document_commits", "Document versions that became durable.")
        case .documentsRemoved: ("document_removals", "Documents removed.")
        case .documentsRefused: ("document_refusals", "Document versions refused, each with a line in errors.jsonl.")
        case .documentBytesWritten: ("document_written_bytes", "Bytes of committed document versions.")
        case .documentBytesRead: ("document_read_bytes", "Bytes of documents read through the mount.")
        case .bulkLines: ("bulk_lines", "Lines taken in by bulk files.")
        case .bulkLinesRefused: ("bulk_refused_lines", "Lines refused by bulk files.")
        case .embeddings: ("embedding_texts", "Texts embedded by the model.")
        case .embeddingTokens: ("embedding_tokens", "Tokens embedded, special tokens included.")
        case .embeddingsTruncated: ("embedding_truncated_texts", "Texts longer than the model's window.")
        case .embeddingFailures: ("embedding_failures", "Batches the embedder could not answer.")
        case .embeddingCacheHits: ("embedding_cache_hits", "Texts whose vector was already known.")
        case .embeddingCacheMisses: ("embedding_cache_misses", "Texts that had to be embedded.")
        case .searches: ("search_requests", "Searches answered.")
        case .searchFailures: ("search_failures", "Searches refused or failed.")
        case .searchCandidates: ("search_candidates", "Vectors compared with a query.")
        case .searchResults: ("search_results", "Results returned by searches.")
        case .filterRowsScanned: ("filter_scanned_rows", "Documents whose metadata a filter read one by one.")
        case .answerCacheHits: ("answer_cache_hits", "Query files answered from an answer still valid.")
        case .answerCacheMisses: ("answer_cache_misses", "Query files whose search had to run.")
        case .commitBatches: ("commit_batches", "Batches written by the committing threads.")
        case .storeSyncs: ("store_syncs", "Times the store was synced to the disk.")
        case .vectorBytesWritten: ("vector_written_bytes", "Bytes appended to vector files.")
        case .recoveredRows: ("recovered_rows", "Rows read or cut while the store was recovered.")
        case .segmentsBuilt: ("index_segments_built", "Parts of an index built in the background.")
        case .segmentRowsBuilt: ("index_rows_built", "Vectors built into parts of an index.")
        case .recallSamples: ("search_recall_samples", "Searches that were repeated exactly to measure recall.")
        case .logicalErrors: ("internal_errors", "Failures that should not happen; the log has the sentence.")
        }
    }
}

extension Metrics.Histogram {
    /// The name in the Prometheus text.
    public var name: String { "vexfs_\(definition.name)" }
    /// One sentence on what is distributed.
    public var help: String { definition.help }
    /// Whether values are recorded in microseconds and shown in seconds.
    public var isTime: Bool { definition.name.hasSuffix("_seconds") }

    private var definition: (name: String, help: String) {
        switch self {
        case .searchSeconds: ("search_seconds", "Time of a whole search.")
        case .searchEmbedSeconds: ("search_embed_seconds", "Time a search spent embedding its text.")
        case .searchFilterSeconds: ("search_filter_seconds", "Time a search spent on its filter.")
        case .searchScanSeconds: ("search_scan_seconds", "Time a search spent comparing vectors.")
        case .searchFetchSeconds: ("search_fetch_seconds", "Time a search spent reading its results' documents.")
        case .embeddingSeconds: ("embedding_seconds", "Time of one batch in the model.")
        case .embeddingBatchSize: ("embedding_batch_texts", "Texts in a batch for the model.")
        case .commitSeconds: ("commit_seconds", "Time from the end of a write until it is kept.")
        case .commitBatchSize: ("commit_batch_documents", "Documents committed together.")
        case .syncSeconds: ("sync_seconds", "Time of one sync of the store to the disk.")
        case .queueWaitSeconds: ("queue_wait_seconds", "Time a request waited for a worker.")
        case .segmentBuildSeconds: ("index_build_seconds", "Time of building one part of an index.")
        case .bulkBatchSeconds: ("bulk_batch_seconds", "Time of one batch of a bulk file.")
        }
    }
}

extension Metrics.Gauge {
    /// The name in the Prometheus text.
    public var name: String { "vexfs_\(definition.name)" }
    /// One sentence on what is measured.
    public var help: String { definition.help }

    private var definition: (name: String, help: String) {
        switch self {
        case .collections: ("store_collections", "Collections in the store.")
        case .documents: ("store_documents", "Documents in the store.")
        case .documentsPending: ("store_pending_documents", "Documents waiting for a vector.")
        case .openHandles: ("fuse_open_handles", "Open files and directories.")
        case .knownInodes: ("fuse_known_inodes", "Inodes that the kernel knows.")
        case .draftBytes: ("fuse_draft_bytes", "Bytes of drafts held in memory.")
        case .workerQueueDepth: ("worker_queue_requests", "Requests waiting for a worker.")
        case .indexSegments: ("index_segments", "Parts of indexes in use.")
        case .indexScannedRows: ("index_scanned_rows", "Vectors that no part of an index covers; they are scanned.")
        case .indexMappedBytes: ("index_mapped_bytes", "Bytes of the files of indexes.")
        case .indexMemoryBytes: ("index_memory_bytes", "Memory that indexes take besides their files.")
        case .searchRecall: ("search_recall", "Mean share of the ten nearest that sampled searches found.")
        case .residentMemoryBytes: ("process_resident_memory_bytes", "Memory of the daemon that is resident.")
        case .startTimeSeconds: ("process_start_time_seconds", "Seconds since 1970 at which the daemon started.")
        }
    }
}
