// Package media knows what a file is by its content, says whether a set of rules takes it, and uploads and
// fetches it without holding it in memory.
//
//	file, err := media.Open("hello.amr")
//	info, err := file.Probe() // AMR (amr-nb), 9606 bytes, 6 s
//	for _, v := range media.RulesFor(wechat.Documented, media.Upload).Check(media.Voice, info) {
//		fmt.Println(v) // it plays 60.8 s: 60 s allowed (cut 0.8 s)
//	}
//	item, err := media.New(client).Upload(ctx, media.Voice, file)
//
// # What a file is
//
// [File.Probe] has parsers of its own, on the standard library alone, for JPEG, PNG, GIF, BMP; AMR, MP3, WMA,
// WAV; MP4, WMV, AVI, MPEG and RealMedia. The name decides nothing. Playing times are exact: AMR and MP3 are
// gone through frame by frame, with the frames that hold no sound and the encoder's padding left out; WAV
// goes by its data, WMA by its header less the preroll. A playing time that cannot be known is unknown, never
// zero ([Duration]). What else turns up (MOV, HEIC, Ogg, PDF, an HTML page, …) is named in the refusal.
//
// Some rulings: an MP4 with sound only is no video. QuickTime and 3GP are not MP4, although they look like
// it. MPEG elementary streams pass as MPEG, transport streams do not. Layer II is not MP3. A file that claims
// more bytes than it has is cut off. Where a header says that its length is void, as in streamed WAV, the
// data counts.
//
// A hostile file costs nothing: no pixel is decoded, nothing is allocated by a number in the file, at most
// some 33 KB are held, and the time is bounded by the file's length.
//
// # What the rules are
//
// [Rules] are data with their sources: [RulesFor] gives the documented edition, which is the default, and
// today's, for temporary and permanent material, broadcasts and articles. Limits include the last byte, and
// K is 1024. A copy can be changed field by field. [Rules.Check] gives every violation at once, each with the
// limit, the actual value and what would mend it; [Rules.Warn] what is only worth a look. [FitJPEG] makes a picture
// fit, when asked to.
//
// # Uploading
//
// [Client.Upload] judges a file before it fetches a token or sends a byte, then streams it, and gives an [Item]
// that knows when the platform will have forgotten it. [Spool] keeps a stream that can be read only once, so
// that it can be judged first and sent again if need be; [OpenURL] does so with an address that a stranger gave,
// and cannot be led to an address that is not public.
//
// # The library
//
// [Client.Keep] puts a file where it stays, once: a lost answer is [wechat.ErrOutcomeUnknown]. [Client.Fetch],
// [Client.List], [Client.ListArticles], [Client.Count] and [Client.Delete] are the rest of the library, and
// [Client.UploadImage] is for the pictures inside articles.
package media
