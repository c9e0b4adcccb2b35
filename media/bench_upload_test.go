package media_test

import (
	"crypto/sha256"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed-a9908ced/wechat-go/media"
	"github.com/seed-a9908ced/wechat-go/wechat"
)

// sink is a platform that throws away what it gets.
func sink(b *testing.B) *httptest.Server {
	b.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"type":"video","media_id":"x","created_at":1700000000}`)
	}))
	b.Cleanup(s.Close)
	return s
}

// rawUpload is the least that can be done: the file streamed between a head and a tail, with its length, and a
// digest taken if that is asked for.
func rawUpload(client *http.Client, url, path string, size int64, digest bool) error {
	const head = "--x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"file.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
	const tail = "\r\n--x--\r\n"
	h, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = h.Close() }()
	file, sum := io.Reader(io.NewSectionReader(h, 0, size)), sha256.New()
	if digest {
		file = io.TeeReader(file, sum)
	}
	body := io.MultiReader(strings.NewReader(head), file, strings.NewReader(tail))
	req, err := http.NewRequest(http.MethodPost, url, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	req.ContentLength = size + int64(len(head)+len(tail))
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// benchmarkUpload sends a film of n bytes, so many at once, next to raw streaming of the same.
func benchmarkUpload(b *testing.B, n, atOnce int, digest bool) {
	b.Helper()
	server := sink(b)
	film := join(ftyp("isom", "isom"), movie(1000, 60_000))
	film = join(film, box("mdat", make([]byte, n-len(film)-8)))
	path, _ := onDisk(b, film)
	c, err := wechat.New(wechat.Credentials{AppID: "wx0123456789abcdef"}, wechat.WithTokens(wechat.StaticToken("t")),
		wechat.WithBaseURL(server.URL), wechat.WithRules(wechat.Current))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	m, raw := media.New(c), &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	b.Cleanup(raw.CloseIdleConnections)
	all := func(f func() error) time.Duration {
		start := time.Now()
		var wg sync.WaitGroup
		for range atOnce {
			wg.Go(func() {
				if err := f(); err != nil {
					b.Error(err)
				}
			})
		}
		wg.Wait()
		return time.Since(start)
	}
	ours, floor := time.Hour, time.Hour
	var spent uint64
	var opts []media.UploadOption
	if !digest {
		opts = append(opts, media.WithoutDigest())
	}
	b.SetBytes(int64(n * atOnce))
	for b.Loop() {
		before := allocated()
		ours = min(ours, all(func() error {
			f, err := media.Open(path)
			if err != nil {
				return err
			}
			_, err = m.Upload(b.Context(), media.Video, f, opts...)
			return err
		}))
		spent = allocated() - before
		floor = min(floor, all(func() error { return rawUpload(raw, server.URL+uploadPath+"?type=video", path, int64(n), digest) }))
	}
	b.ReportMetric(float64(ours)/float64(floor), "xfloor")
	b.ReportMetric(float64(spent)/float64(atOnce), "B/upload")
}

// The floor of an upload with a digest takes one as well; without it is raw streaming.
func BenchmarkUpload10MB(b *testing.B) {
	b.Run("digest", func(b *testing.B) { benchmarkUpload(b, 10<<20, 1, true) })
	b.Run("plain", func(b *testing.B) { benchmarkUpload(b, 10<<20, 1, false) })
}

func BenchmarkUpload64x1MB(b *testing.B) {
	b.Run("digest", func(b *testing.B) { benchmarkUpload(b, 1<<20, 64, true) })
	b.Run("plain", func(b *testing.B) { benchmarkUpload(b, 1<<20, 64, false) })
}
