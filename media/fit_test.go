package media_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

func encodePNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decodeFit(t *testing.T, f *media.File) image.Image {
	t.Helper()
	m, err := jpeg.Decode(bytes.NewReader(readAll(t, f)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFitJPEGFitsTheLimit(t *testing.T) {
	var moving bytes.Buffer
	frame := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.Black, color.White})
	if err := gif.EncodeAll(&moving, &gif.GIF{Image: []*image.Paletted{frame, frame}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	big := noise(400, 300)
	for _, c := range []struct {
		name  string
		file  []byte
		limit int64
		keeps bool // its size in pixels
	}{
		{"quality is enough", encodeJPEG(t, gradient(800, 600), 100), 20_000, true},
		{"scaled down", encodeJPEG(t, big, 95), 9000, false},
		{"PNG", encodePNG(t, gradient(300, 200)), 6000, true},
		{"GIF", moving.Bytes(), 6000, true},
		{"very small", encodeJPEG(t, big, 95), 700, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := media.FitJPEG(t.Context(), media.Bytes("a.b.png", c.file), c.limit)
			if err != nil {
				t.Fatal(err)
			}
			i, err := f.Probe()
			if err != nil || i.Format != media.JPEG || !i.Whole || i.Bytes > c.limit || i.Name != "a.b.jpg" {
				t.Errorf("%+v, %v: want a whole JPEG of at most %d bytes", i, err, c.limit)
			}
			was := probe(t, c.file)
			if keeps := i.Width == was.Width && i.Height == was.Height; keeps != c.keeps {
				t.Errorf("%d×%d of %d×%d", i.Width, i.Height, was.Width, was.Height)
			}
			decodeFit(t, f)
		})
	}
}

// TestFitJPEGTakesTheBestQuality: one more step of quality would not fit.
func TestFitJPEGTakesTheBestQuality(t *testing.T) {
	const limit = 20_000
	m := noise(100, 80)
	f, err := media.FitJPEG(t.Context(), media.Bytes("x.png", encodePNG(t, m)), limit)
	if err != nil {
		t.Fatal(err)
	}
	i, err := f.Probe()
	if err != nil {
		t.Fatal(err)
	}
	if i.Quality < 95 && len(encodeJPEG(t, m, i.Quality+1)) <= limit {
		t.Errorf("quality %d, and %d fits", i.Quality, i.Quality+1)
	}
}

func TestFitJPEGKeepsAFileThatFits(t *testing.T) {
	f := media.Bytes("pic.jpg", seed(t, "pic.jpg"))
	got, err := media.FitJPEG(t.Context(), f, f.Size())
	if err != nil || got != f {
		t.Errorf("FitJPEG = %v, %v, want the file itself", got, err)
	}
}

func TestFitJPEGRefusesBeforeDecoding(t *testing.T) {
	real := seed(t, "pic.png")
	bomb := join(real[:8], pngHeader(60000, 60000), real[33:])
	overflow := join(real[:8], pngHeader(1<<31-1, 1<<31-1), real[33:])
	flat := join([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00\x2c\x00\x00\x00\x00\xff\xff\xff\xff\x00\x02\x02\x44\x01\x00\x3b"))
	for name, c := range map[string]struct {
		file  []byte
		limit int64
		want  string
	}{
		"bomb":             {bomb, 1000, "60000×60000 pixels"},
		"GIF of 34 bytes":  {flat, 1000, "65535×65535 pixels"},
		"product overflow": {overflow, 1000, "pixels"},
		"WebP":             {seed(t, "pic.webp"), 1000, "content is WebP"},
		"cut":              {real[:60], 1000, "not whole"},
		"limit 0":          {seed(t, "pic.jpg"), 0, "a limit of 0 bytes"},
		"too small":        {encodePNG(t, noise(9, 9)), 100, "no JPEG is as small as 100 bytes"},
		"undecodable":      {join(real[:33], pngChunk("IDAT", []byte("junk")), pngChunk("IEND", nil)), 1000, "cannot be decoded"},
	} {
		before := allocated()
		_, err := media.FitJPEG(t.Context(), media.Bytes("x", c.file), c.limit)
		if !errors.Is(err, wechat.ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if spent := allocated() - before; spent > 2<<20 {
			t.Errorf("%s: %d bytes allocated", name, spent)
		}
	}
}

func TestFitJPEGEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := media.FitJPEG(ctx, media.Bytes("x", encodePNG(t, noise(50, 50))), 2000); !errors.Is(err, context.Canceled) {
		t.Errorf("FitJPEG: %v", err)
	}
}

// exif is an EXIF segment with an orientation, in either byte order.
func exif(big bool, orientation uint16) []byte {
	tiff := join([]byte("II*\x00"), le32(8), le16(1), le16(0x0112), le16(3), le32(1), le16(orientation), le16(0), le32(0))
	if big {
		tiff = join([]byte("MM\x00*"), be32(8), be16(1), be16(0x0112), be16(3), be32(1), be16(orientation), be16(0), be32(0))
	}
	body := join([]byte("Exif\x00\x00"), tiff)
	return join([]byte{0xFF, 0xE1}, be16(uint16(2+len(body))), body)
}

// TestFitJPEGTurnsThePicture: the picture is 40×20 with a white corner; each orientation says where it goes.
func TestFitJPEGTurnsThePicture(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 40, 20))
	for y := range 8 {
		for x := range 8 {
			m.SetGray(x, y, color.Gray{255})
		}
	}
	plain := encodeJPEG(t, m, 100)
	comment := join([]byte{0xFF, 0xFE}, be16(4002), make([]byte, 4000)) // so that there is something to do
	for o, corner := range map[uint16]string{
		0: "top left", 1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left", 5: "top left", 6: "top right",
		7: "bottom right", 8: "bottom left", 9: "top left",
	} {
		for _, big := range []bool{false, true} {
			f, err := media.FitJPEG(t.Context(), media.Bytes("x", join(plain[:2], exif(big, o), comment, plain[2:])), 3000)
			if err != nil {
				t.Fatal(err)
			}
			n := decodeFit(t, f)
			w, h := n.Bounds().Dx(), n.Bounds().Dy()
			if turned := w == 20 && h == 40; turned != (o >= 5 && o <= 8) {
				t.Errorf("orientation %d: %d×%d", o, w, h)
			}
			for name, at := range map[string]image.Point{
				"top left": {2, 2}, "top right": {w - 3, 2}, "bottom left": {2, h - 3}, "bottom right": {w - 3, h - 3},
			} {
				if bright, _, _, _ := n.At(at.X, at.Y).RGBA(); (bright > 0x8000) != (name == corner) {
					t.Errorf("orientation %d: %s is %x, want the %s one white", o, name, bright, corner)
				}
			}
		}
	}
}

func TestFitJPEGPutsTransparencyOnWhite(t *testing.T) {
	f, err := media.FitJPEG(t.Context(), media.Bytes("x.png", encodePNG(t, image.NewNRGBA(image.Rect(0, 0, 16, 16)))), 5000)
	if err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := decodeFit(t, f).At(8, 8).RGBA(); r < 0xF000 || g < 0xF000 || b < 0xF000 {
		t.Errorf("transparent becomes %x %x %x", r, g, b)
	}
}
