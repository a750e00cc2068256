/// Letters, digits and signs beyond ASCII as what they are without accents, circles and widths.
///
/// The mapping is that of Lucene's ASCIIFoldingFilter, whose answers Qdrant's text index gives too.
enum ASCIIFolding {
    /// Appends the UTF-8 of `text`, folded. O(bytes).
    static func append(_ text: UnsafeBufferPointer<UInt8>, to result: inout [UInt8]) {
        var reader = ScalarReader(text)
        while let scalar = reader.next() {
            if scalar < 0x80 {
                result.append(UInt8(truncatingIfNeeded: scalar))
            } else if let folded = table[scalar] {
                result.append(contentsOf: folded)
            } else {
                result.append(contentsOf: reader.lastBytes)
            }
        }
    }

    /// What a code point folds to; none for most.
    static let table: [UInt32: [UInt8]] = {
        var table: [UInt32: [UInt8]] = [:]
        let words = pairs.split { $0 == " " || $0 == "\n" }
        for place in stride(from: 0, to: words.count - 1, by: 2) {
            for scalar in words[place + 1].unicodeScalars { table[scalar.value] = Array(words[place].utf8) }
        }
        return table
    }()

    /// What is folded to, and the code points that fold to it, in turns.
    private static let pairs = #"""
        ! ！  !! ‼  !? ⁉  " «»“”„″‶❝❞❮❯＂  # ＃  $ ＄  % ⁒％  & ＆  ' ‘’‚‛′‵‹›❛❜＇  ( ⁽₍❨❪（  (( ⸨  (1) ⑴  (10) ⑽
        (11) ⑾  (12) ⑿  (13) ⒀  (14) ⒁  (15) ⒂  (16) ⒃  (17) ⒄  (18) ⒅  (19) ⒆  (2) ⑵  (20) ⒇  (3) ⑶  (4) ⑷
        (5) ⑸  (6) ⑹  (7) ⑺  (8) ⑻  (9) ⑼  (a) ⒜  (b) ⒝  (c) ⒞  (d) ⒟  (e) ⒠  (f) ⒡  (g) ⒢  (h) ⒣  (i) ⒤
        (j) ⒥  (k) ⒦  (l) ⒧  (m) ⒨  (n) ⒩  (o) ⒪  (p) ⒫  (q) ⒬  (r) ⒭  (s) ⒮  (t) ⒯  (u) ⒰  (v) ⒱  (w) ⒲
        (x) ⒳  (y) ⒴  (z) ⒵  ) ⁾₎❩❫）  )) ⸩  * ⁎＊  + ⁺₊＋  , ，  - ‐‑‒–—⁻₋－  . ．  / ⁄／  0 ⁰₀⓪⓿０  1 ¹₁①⓵❶➀➊１
        1. ⒈  10 ⑩⓾❿➉➓  10. ⒑  11 ⑪⓫  11. ⒒  12 ⑫⓬  12. ⒓  13 ⑬⓭  13. ⒔  14 ⑭⓮  14. ⒕  15 ⑮⓯  15. ⒖  16 ⑯⓰
        16. ⒗  17 ⑰⓱  17. ⒘  18 ⑱⓲  18. ⒙  19 ⑲⓳  19. ⒚  2 ²₂②⓶❷➁➋２  2. ⒉  20 ⑳⓴  20. ⒛  3 ³₃③⓷❸➂➌３  3. ⒊
        4 ⁴₄④⓸❹➃➍４  4. ⒋  5 ⁵₅⑤⓹❺➄➎５  5. ⒌  6 ⁶₆⑥⓺❻➅➏６  6. ⒍  7 ⁷₇⑦⓻❼➆➐７  7. ⒎  8 ⁸₈⑧⓼❽➇➑８  8. ⒏  9 ⁹₉⑨⓽❾➈➒９
        9. ⒐  : ：  ; ⁏；  < ❬❰＜  = ⁼₌＝  > ❭❱＞  ? ？  ?! ⁈  ?? ⁇  @ ＠  [ ⁅❲［  \ ＼  ] ⁆❳］  ^ ‸＾  _ ＿
        A ÀÁÂÃÄÅĀĂĄǍǞǠǺȀȂȦȺᴀḀẠẢẤẦẨẪẬẮẰẲẴẶⒶＡ  a àáâãäåāăąǎǟǡǻȁȃȧɐəɚᶏᶕḁẚạảấầẩẫậắằẳẵặₐₔⓐⱥⱯａ  AA Ꜳ  aa ꜳ
        AE ÆǢǼᴁ  ae æǣǽᴂ  AO Ꜵ  ao ꜵ  AU Ꜷ  au ꜷ  AV ꜸꜺ  av ꜹꜻ  AY Ꜽ  ay ꜽ  B ƁƂɃʙᴃḂḄḆⒷＢ  b ƀƃɓᵬᶀḃḅḇⓑｂ
        C ÇĆĈĊČƇȻʗᴄḈⒸＣ  c çćĉċčƈȼɕḉↄⓒꜾꜿｃ  D ÐĎĐƉƊƋᴅᴆḊḌḎḐḒⒹꝹＤ  d ðďđƌȡɖɗᵭᶁᶑḋḍḏḑḓⓓꝺｄ  db ȸ  DZ ǄǱ  Dz ǅǲ
        dz ǆǳʣʥ  E ÈÉÊËĒĔĖĘĚƎƐȄȆȨɆᴇḔḖḘḚḜẸẺẼẾỀỂỄỆⒺⱻＥ  e èéêëēĕėęěǝȅȇȩɇɘɛɜɝɞʚᴈᶒᶓᶔḕḗḙḛḝẹẻẽếềểễệₑⓔⱸｅ  F ƑḞⒻꜰꝻꟻＦ
        f ƒᵮᶂḟẛⓕꝼｆ  ff ﬀ  ffi ﬃ  ffl ﬄ  fi ﬁ  fl ﬂ  G ĜĞĠĢƓǤǦǴɢʛḠⒼꝽꝾＧ  g ĝğġģǥǧǵɠɡᵷᵹᶃḡⓖꝿｇ  H ĤĦȞʜḢḤḦḨḪⒽⱧⱵＨ
        h ĥħȟɥɦʮʯḣḥḧḩḫẖⓗⱨⱶｈ  HV Ƕ  hv ƕ  I ÌÍÎÏĨĪĬĮİƖƗǏȈȊɪᵻḬḮỈỊⒾꟾＩ  i ìíîïĩīĭįıǐȉȋɨᴉᵢᵼᶖḭḯỉịⁱⓘｉ  IJ Ĳ  ij ĳ
        J ĴɈᴊⒿＪ  j ĵǰȷɉɟʄʝⓙⱼｊ  K ĶƘǨᴋḰḲḴⓀⱩꝀꝂꝄＫ  k ķƙǩʞᶄḱḳḵⓚⱪꝁꝃꝅｋ  L ĹĻĽĿŁȽʟᴌḶḸḺḼⓁⱠⱢꝆꝈꞀＬ
        l ĺļľŀłƚȴɫɬɭᶅḷḹḻḽⓛⱡꝇꝉꞁｌ  LJ Ǉ  Lj ǈ  lj ǉ  LL Ỻ  ll ỻ  ls ʪ  lz ʫ  M ƜᴍḾṀṂⓂⱮꟽꟿＭ  m ɯɰɱᵯᶆḿṁṃⓜｍ
        N ÑŃŅŇŊƝǸȠɴᴎṄṆṈṊⓃＮ  n ñńņňŉŋƞǹȵɲɳᵰᶇṅṇṉṋⁿⓝｎ  NJ Ǌ  Nj ǋ  nj ǌ
        O ÒÓÔÕÖØŌŎŐƆƟƠǑǪǬǾȌȎȪȬȮȰᴏᴐṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢⓄꝊꝌＯ  o òóôõöøōŏőơǒǫǭǿȍȏȫȭȯȱɔɵᴖᴗᶗṍṏṑṓọỏốồổỗộớờởỡợₒⓞⱺꝋꝍｏ
        OE Œɶ  oe œᴔ  OO Ꝏ  oo ꝏ  OU Ȣᴕ  ou ȣ  P ƤᴘṔṖⓅⱣꝐꝒꝔＰ  p ƥᵱᵽᶈṕṗⓟꝑꝓꝕꟼｐ  Q ɊⓆꝖꝘＱ  q ĸɋʠⓠꝗꝙｑ  qp ȹ
        R ŔŖŘȐȒɌʀʁᴙᴚṘṚṜṞⓇⱤꝚꞂＲ  r ŕŗřȑȓɍɼɽɾɿᵣᵲᵳᶉṙṛṝṟⓡꝛꞃｒ  S ŚŜŞŠȘṠṢṤṦṨⓈꜱꞅＳ  s śŝşšſșȿʂᵴᶊṡṣṥṧṩẜẝⓢꞄｓ  SS ẞ
        ss ß  st ﬆ  T ŢŤŦƬƮȚȾᴛṪṬṮṰⓉꞆＴ  t ţťŧƫƭțȶʇʈᵵṫṭṯṱẗⓣⱦｔ  tc ʨ  TH ÞꝦ  th þᵺꝧ  ts ʦ  TZ Ꜩ  tz ꜩ
        U ÙÚÛÜŨŪŬŮŰŲƯǓǕǗǙǛȔȖɄᴜᵾṲṴṶṸṺỤỦỨỪỬỮỰⓊＵ  u ùúûüũūŭůűųưǔǖǘǚǜȕȗʉᵤᶙṳṵṷṹṻụủứừửữựⓤｕ  ue ᵫ  V ƲɅᴠṼṾỼⓋꝞꝨＶ
        v ʋʌᵥᶌṽṿⓥⱱⱴꝟｖ  VY Ꝡ  vy ꝡ  W ŴǷᴡẀẂẄẆẈⓌⱲＷ  w ŵƿʍẁẃẅẇẉẘⓦⱳｗ  X ẊẌⓍＸ  x ᶍẋẍₓⓧｘ  Y ÝŶŸƳȲɎʏẎỲỴỶỸỾⓎＹ
        y ýÿŷƴȳɏʎẏẙỳỵỷỹỿⓨｙ  Z ŹŻŽƵȜȤᴢẐẒẔⓏⱫꝢＺ  z źżžƶȝȥɀʐʑᵶᶎẑẓẕⓩⱬꝣｚ  { ❴｛  } ❵｝  ~ ⁓～
        """#
}
