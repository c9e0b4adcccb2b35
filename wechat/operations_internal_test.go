package wechat

import (
	"strings"
	"testing"
)

// Every path of the platform's catalogue, by class. A class that somebody changes has to be changed here
// as well, with a reason.
var catalogue = map[Class]string{
	ClassKeyed: `
		/cgi-bin/message/mass/send /cgi-bin/message/mass/sendall /cgi-bin/message/template/send`,
	ClassScarce: `
		/cgi-bin/clear_quota /cgi-bin/clear_quota/v2 /cgi-bin/draft/switch /cgi-bin/openapi/quota/clear
		/cgi-bin/template/api_set_industry`,
	ClassUpload: `/cgi-bin/media/upload`,
	ClassOnce: `
		/cgi-bin/comment/reply/add /cgi-bin/draft/add /cgi-bin/freepublish/delete /cgi-bin/freepublish/submit
		/cgi-bin/material/add_material /cgi-bin/media/uploadimg /cgi-bin/media/uploadvideo
		/cgi-bin/menu/addconditional /cgi-bin/message/custom/send /cgi-bin/message/mass/delete
		/cgi-bin/message/mass/preview /cgi-bin/message/subscribe/bizsend /cgi-bin/message/template/subscribe
		/cgi-bin/qrcode/create /cgi-bin/shorten/gen /cgi-bin/tags/create /cgi-bin/template/api_add_template
		/customservice/kfaccount/add /customservice/kfaccount/inviteworker /wxaapi/newtmpl/addtemplate`,
	ClassReplace: `
		/cgi-bin/draft/update /cgi-bin/draft/delete /cgi-bin/material/del_material /cgi-bin/menu/create
		/cgi-bin/menu/delete /cgi-bin/menu/delconditional /cgi-bin/message/mass/speed/set /cgi-bin/tags/update
		/cgi-bin/tags/delete /cgi-bin/tags/members/batchtagging /cgi-bin/tags/members/batchuntagging
		/cgi-bin/tags/members/batchblacklist /cgi-bin/user/info/updateremark`,
	ClassRead: `
		/cgi-bin/callback/check /cgi-bin/draft/batchget /cgi-bin/draft/get /cgi-bin/freepublish/get
		/cgi-bin/get_api_domain_ip /cgi-bin/get_current_selfmenu_info /cgi-bin/getcallbackip
		/cgi-bin/material/batchget_material /cgi-bin/material/get_material /cgi-bin/media/get /cgi-bin/menu/get
		/cgi-bin/message/mass/get /cgi-bin/message/mass/speed/get /cgi-bin/openapi/quota/get
		/cgi-bin/openapi/rid/get /cgi-bin/stable_token /cgi-bin/tags/get /cgi-bin/tags/getidlist
		/cgi-bin/user/get /cgi-bin/user/info /cgi-bin/user/info/batchget /cgi-bin/user/tag/get
		/datacube/getusersummary /datacube/getupstreammsg`,
}

func TestOperationsHaveTheirClass(t *testing.T) {
	for class, paths := range catalogue {
		for path := range strings.FieldsSeq(paths) {
			op, ok := operations[path]
			if !ok || op.Class != class {
				t.Errorf("%s: class %s, known %v; want %s", path, op.Class, ok, class)
			}
		}
	}
}

// What makes, sends or spends something is never of a class that is repeated at leisure.
func TestNoOperationThatAddsIsRepeatable(t *testing.T) {
	for path, op := range operations {
		last := path[strings.LastIndexByte(path, '/')+1:]
		for _, verb := range []string{"add", "send", "submit", "preview", "upload", "clear", "gen", "invite", "publish"} {
			if strings.HasPrefix(last, verb) && op.Class.harmless() && last != "uploadheadimg" && last != "addtype" {
				t.Errorf("%s is of class %s", path, op.Class)
			}
		}
		if strings.HasPrefix(last, "get") && op.Class != ClassRead {
			t.Errorf("%s is of class %s", path, op.Class)
		}
	}
}

// A path in the table is one that a caller can give, or its entry would be dead.
func TestOperationsAreCallable(t *testing.T) {
	for path, op := range operations {
		if p := badRequest("POST", Request{Path: path}); p != nil {
			t.Errorf("%s: %v", path, p)
		}
		if op.Open != (strings.HasPrefix(path, "/sns/") || strings.Contains(path, "token") || path == "/cgi-bin/clear_quota/v2") {
			t.Errorf("%s: takes no token: %v", path, op.Open)
		}
	}
}

func TestClassesAreNamed(t *testing.T) {
	for class, want := range map[Class]string{
		ClassOnce: "once", ClassRead: "read", ClassReplace: "replace", ClassKeyed: "keyed", ClassUpload: "upload", ClassScarce: "scarce", 99: "Class(99)",
	} {
		if got := class.String(); got != want {
			t.Errorf("Class(%d) is %q, want %q", uint8(class), got, want)
		}
	}
	if Class(0) != ClassOnce {
		t.Error("the zero class is not the one that is never repeated")
	}
}
