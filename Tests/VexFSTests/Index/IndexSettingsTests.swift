import Testing

@testable import VexFS

@Suite struct IndexSettingsTests {
    private func merged(_ text: String) throws -> IndexSettings {
        var settings = IndexSettings()
        try settings.merge(JSON.parse(Array(text.utf8)))
        return settings
    }

    @Test func whatIsShownCanBeSet() throws {
        var settings = IndexSettings()
        settings.kind = .hnsw
        settings.m = 24
        settings.efConstruct = 300
        settings.ef = 99
        settings.onDisk = true
        var copy = IndexSettings()
        try copy.merge(settings.json)
        #expect(copy == settings)
        #expect(try merged("\"flat\"").kind == .flat)
        #expect(try merged("{\"ef\":null}").ef == nil)
    }

    @Test(arguments: [
        ("{}", "graph"), ("{\"kind\":\"flat\"}", ""), ("{\"kind\":\"hnsw\",\"m\":8}", "hnsw m=8 ef_construct=200"),
        ("{\"memory\":\"compact\"}", "lists binary"), ("{\"quantization\":\"product\"}", "lists product"),
        ("{\"kind\":\"lists\"}", "lists binary"), ("{\"kind\":\"lsh\"}", "lsh"), ("{\"m\":32}", "graph m=32"),
    ]) func settingsChooseTheRecipe(text: String, recipe: String) throws {
        #expect(try merged(text).recipe(dimension: 384)?.text ?? "" == recipe)
    }

    @Test func shortVectorsAreScanned() throws {
        #expect(IndexSettings().recipe(dimension: 31) == nil)
        #expect(IndexSettings().recipe(dimension: 32) != nil)
        #expect(try merged("\"hnsw\"").recipe(dimension: 2) != nil)
    }

    @Test(arguments: [
        "{\"kind\":\"tree\"}", "{\"m\":3}", "{\"m\":\"16\"}", "{\"ef\":0}", "{\"on_disk\":1}", "{\"speed\":1}", "7",
        "{\"kind\":\"hnsw\",\"quantization\":\"binary\"}", "{\"kind\":\"hnsw\",\"memory\":\"compact\"}",
        "{\"kind\":\"lists\",\"quantization\":\"int8\"}", "{\"kind\":\"flat\",\"quantization\":\"product\"}",
    ]) func whatMakesNoSenseIsRefused(text: String) {
        let error = #expect(throws: VexFSError.self) { try merged(text) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("index") == true)
    }
}
