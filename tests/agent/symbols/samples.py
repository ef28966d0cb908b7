"""A few lines of each language and what is defined in them. To add one: its query, its suffix, its sample."""

from __future__ import annotations

SAMPLES: dict[str, tuple[str, str, str]] = {
    "actionscript": (
        "a.as",
        """\
package { public class Greeter { public function greet(n:String):void { hello(n); } } }
""",
        "class:Greeter function:greet",
    ),
    "ada": (
        "a.adb",
        """\
package body Space is
   procedure Greet (N : Integer) is
   begin
      Hello (N);
   end Greet;
   function Twice (N : Integer) return Integer is
   begin
      return 2 * N;
   end Twice;
end Space;
""",
        "module:Space function:Greet function:Twice",
    ),
    "apex": (
        "a.cls",
        """\
public class Greeter { public void greet(String n) { hello(n); } }
""",
        "class:Greeter method:greet",
    ),
    "bash": (
        "a.sh",
        """\
greet() {
  hello "$1"
}
function hello { echo "$1"; }
""",
        "function:greet function:hello",
    ),
    "bicep": (
        "a.bicep",
        """\
param name string
resource web 'Microsoft.Web/sites@2022-03-01' = {
  name: name
}
""",
        "variable:name resource:web",
    ),
    "c": (
        "a.c",
        """\
#define LIMIT 3
struct point { int x; };
enum color { RED };
typedef struct point point_t;
int *hello(struct point *p) { return hello(p); }
static int greet(void) { return 1; }
""",
        "constant:LIMIT struct:point enum:color type:point_t function:hello function:greet",
    ),
    "capnp": (
        "a.capnp",
        """\
@0xdbb9ad1f14bf0b36;
struct Greeting { color @0 :Color; }
enum Color { red @0; }
""",
        "struct:Greeting enum:Color",
    ),
    "clojure": (
        "a.clj",
        """\
(ns space.core)
(defn greet [n] (hello n))
(def limit 3)
(defrecord Greeter [name])
""",
        "function:greet constant:limit class:Greeter",
    ),
    "cmake": (
        "a.cmake",
        """\
function(greet name)
  hello(${name})
endfunction()
macro(shout)
endmacro()
""",
        "function:greet macro:shout",
    ),
    "commonlisp": (
        "a.lisp",
        """\
(defun greet (n) (hello n))
(defclass greeter () ())
(defmacro shout (n) n)
(defvar *limit* 3)
""",
        "function:greet class:greeter function:shout constant:*limit*",
    ),
    "cpp": (
        "a.cpp",
        """\
namespace space {
class Greeter : public Named { public: void greet(int n); int size() { return 1; } };
void Greeter::greet(int n) { hello(n); }
template <class T> T hello(T n) { return n; }
struct Point { int x; };
enum class Color { Red };
using Id = int;
}
""",
        "module:space class:Greeter function:greet function:size method:greet function:hello struct:Point enum:Color type:Id",
    ),
    "csharp": (
        "a.cs",
        """\
namespace Space;
public class Greeter : INamed { public string Name { get; set; } public void Greet(string n) { Hello(n); } }
interface INamed { }
record Point(int X);
enum Color { Red }
struct Size { }
""",
        "method:Greet class:Greeter property:Name interface:INamed class:Point enum:Color struct:Size",
    ),
    "css": (
        "a.css",
        """\
.greeter { color: red; }
#main { color: blue; }
@keyframes shine { from { top: 0; } }
:root { --brand: red; }
""",
        "class:greeter id:main keyframes:shine",
    ),
    "cuda": (
        "a.cu",
        """\
__global__ void greet(int n) { hello(n); }
struct Point { int x; };
""",
        "function:greet struct:Point",
    ),
    "d": (
        "a.d",
        """\
class Greeter { void greet(string n) { hello(n); } }
struct Point { int x; }
void hello(string n) {}
""",
        "class:Greeter function:greet struct:Point function:hello",
    ),
    "dart": (
        "a.dart",
        """\
class Greeter extends Named {
  void greet(String n) { hello(n); }
}
mixin Loud {}
enum Color { red }
void hello(String n) {}
extension Ext on String {}
""",
        "class:Greeter function:greet class:Loud enum:Color function:hello class:Ext",
    ),
    "elisp": (
        "a.el",
        """\
(defun greet (n) (hello n))
(defvar limit 3)
(defmacro shout (n) n)
""",
        "function:greet constant:limit macro:shout",
    ),
    "elixir": (
        "a.ex",
        """\
defmodule Space.Greeter do
  def greet(n) do
    hello(n)
  end
  defp hello(n), do: n
  defmacro shout(n), do: n
end
""",
        "module:Space.Greeter function:greet function:hello function:shout",
    ),
    "elm": (
        "A.elm",
        """\
module Space exposing (..)

type alias Greeter = { name : String }

type Color = Red | Blue

greet : Greeter -> String
greet g =
    hello g.name
""",
        "type:Greeter type:Color function:greet",
    ),
    "erlang": (
        "a.erl",
        """\
-module(space).
-record(greeter, {name}).
greet(N) -> hello(N).
hello(N) -> N.
""",
        "module:space struct:greeter function:greet function:hello",
    ),
    "fish": (
        "a.fish",
        """\
function greet
  hello $argv
end
""",
        "function:greet",
    ),
    "fortran": (
        "a.f90",
        """\
module space
contains
subroutine greet(n)
  integer :: n
  call hello(n)
end subroutine
function twice(n)
  twice = 2 * n
end function
end module
""",
        "module:space function:greet function:twice",
    ),
    "fsharp": (
        "a.fs",
        """\
module Space
type Greeter = { Name: string }
let hello n = n
let greet g = hello g.Name
""",
        "type:Greeter function:hello function:greet",
    ),
    "gdscript": (
        "a.gd",
        """\
class_name Greeter
const LIMIT = 3
signal said
func greet(n):
	hello(n)
""",
        "class:Greeter constant:LIMIT event:said function:greet",
    ),
    "gleam": (
        "a.gleam",
        """\
pub type Greeter { Greeter(name: String) }
pub fn greet(n: String) { hello(n) }
fn hello(n) { n }
pub const limit = 3
""",
        "type:Greeter function:greet function:hello constant:limit",
    ),
    "glsl": (
        "a.glsl",
        """\
struct Point { float x; };
float greet(float n) { return hello(n); }
""",
        "struct:Point function:greet",
    ),
    "go": (
        "a.go",
        """\
package a

type Greeter struct { Name string }
type Named interface { Greet() }
const Limit = 3
var Global = 1
func (g *Greeter) Greet(n string) { Hello(n) }
func Hello(n string) {}
""",
        "type:Greeter method:Greet type:Named constant:Limit constant:Global function:Hello",
    ),
    "graphql": (
        "a.graphql",
        """\
type Greeter implements Named { name: String }
interface Named { name: String }
enum Color { RED }
input Data { x: Greeter }
""",
        "type:Greeter interface:Named enum:Color type:Data",
    ),
    "groovy": (
        "a.groovy",
        """\
class Greeter {
  def greet(String n) { hello(n) }
}
def hello(n) { }
""",
        "class:Greeter function:greet function:hello",
    ),
    "haskell": (
        "a.hs",
        """\
module Space where
data Greeter = Greeter { name :: String }
newtype Id = Id Int
class Named a where
  nameOf :: a -> String
type Alias = Int
greet :: Greeter -> String
greet g = hello (name g)
hello n = n
""",
        "type:Greeter type:Id class:Named function:nameOf type:Alias function:greet function:hello",
    ),
    "haxe": (
        "A.hx",
        """\
class Greeter {
  public function greet(n:String):Void { hello(n); }
}
""",
        "class:Greeter function:greet",
    ),
    "hcl": (
        "a.tf",
        """\
resource "aws_instance" "web" {
  ami = var.image
}
variable "image" {}
""",
        "resource:web variable:image",
    ),
    "java": (
        "A.java",
        """\
package x;
public class Greeter implements Named {
  static final int LIMIT = 3;
  public Greeter() {}
  void greet(String n) { hello(n); }
}
interface Named {}
enum Color { RED }
record Point(int x) {}
""",
        "class:Greeter constant:LIMIT method:Greeter method:greet interface:Named enum:Color class:Point",
    ),
    "javascript": (
        "a.js",
        """\
export class Greeter { greet(n) { return hello(n) } }
function hello(n) {}
const shout = (n) => hello(n)
module.exports.bye = function () {}
export const LIMIT = 3
""",
        "class:Greeter method:greet function:hello constant:shout function:bye constant:LIMIT",
    ),
    "julia": (
        "a.jl",
        """\
module Space
struct Greeter
  name::String
end
abstract type Named end
function greet(g::Greeter)
  hello(g)
end
hello(n) = n
macro shout(n) end
end
""",
        "module:Space struct:Greeter type:Named function:greet function:hello macro:shout",
    ),
    "kotlin": (
        "a.kt",
        """\
class Greeter(val name: String) : Named {
  fun greet() = hello(name)
}
interface Named
object Single
fun hello(n: String) {}
val limit = 3
typealias Id = String
""",
        "class:Greeter function:greet class:Named class:Single function:hello constant:limit type:Id",
    ),
    "lua": (
        "a.lua",
        """\
local M = {}
function M.greet(n)
  hello(n)
end
function M:wave() end
local function hello(n) end
M.bye = function() end
""",
        "function:greet method:wave function:hello function:bye",
    ),
    "luau": (
        "a.luau",
        """\
type Id = string
local function hello(n: Id) end
function greet(n: Id)
  hello(n)
end
""",
        "type:Id function:hello function:greet",
    ),
    "make": (
        "Makefile",
        """\
LIMIT = 3
greet: hello
	echo hi
hello:
	echo $(LIMIT)
""",
        "constant:LIMIT target:greet target:hello",
    ),
    "matlab": (
        "a.m",
        """\
function r = greet(n)
  r = hello(n);
end
""",
        "function:greet",
    ),
    "nim": (
        "a.nim",
        """\
type Greeter = object
  name: string
proc greet(n: string) =
  hello(n)
func hello(n: string): string = n
""",
        "type:Greeter function:greet function:hello",
    ),
    "nix": (
        "a.nix",
        """\
{
  greet = n: hello n;
  limit = 3;
}
""",
        "function:greet",
    ),
    "objc": (
        "a.m",
        """\
@interface Greeter : NSObject
- (void)greet:(NSString *)n;
@end
@implementation Greeter
- (void)greet:(NSString *)n { hello(n); }
@end
int hello(int n) { return n; }
""",
        "class:Greeter method:greet function:hello",
    ),
    "ocaml": (
        "a.ml",
        """\
module Space = struct
  type greeter = { name : string }
  let greet g = hello g.name
end
let hello n = n
class point = object end
""",
        "module:Space type:greeter function:greet function:hello class:point",
    ),
    "ocaml_interface": (
        "a.mli",
        """\
type greeter
val hello : string -> string
module type Named = sig end
""",
        "type:greeter function:hello module:Named",
    ),
    "odin": (
        "a.odin",
        """\
package a
Greeter :: struct { name: string }
greet :: proc(n: string) { hello(n) }
""",
        "struct:Greeter function:greet",
    ),
    "pascal": (
        "a.pas",
        """\
unit Space;
interface
type
  TGreeter = class
    procedure Greet(N: string);
  end;
implementation
procedure TGreeter.Greet(N: string);
begin
  Hello(N);
end;
end.
""",
        "module:Space type:TGreeter function:Greet method:Greet",
    ),
    "perl": (
        "A.pm",
        """\
package Greeter;
sub greet {
  my $n = shift;
  hello($n);
}
sub hello { }
1;
""",
        "module:Greeter function:greet function:hello",
    ),
    "php": (
        "a.php",
        """\
<?php
namespace Space;
class Greeter implements Named { const LIMIT = 3; public function greet($n) { return hello($n); } }
interface Named {}
trait Loud {}
enum Color { case Red; }
function hello($n) {}
""",
        "class:Greeter constant:LIMIT method:greet interface:Named class:Loud enum:Color function:hello",
    ),
    "pony": (
        "a.pony",
        """\
actor Greeter
  fun greet(n: String) => hello(n)
class Point
""",
        "class:Greeter method:greet class:Point",
    ),
    "powershell": (
        "a.ps1",
        """\
function Get-Greeting($n) {
  Show-Hello $n
}
class Greeter { [void] Greet() { } }
""",
        "function:Get-Greeting method:Greet class:Greeter",
    ),
    "prisma": (
        "a.prisma",
        """\
model Greeter {
  id Int @id
  color Color
}
enum Color {
  RED
}
""",
        "type:Greeter enum:Color",
    ),
    "proto": (
        "a.proto",
        """\
syntax = "proto3";
message Greeting { Color color = 1; }
enum Color { RED = 0; }
service Greeter { rpc Greet (Greeting) returns (Greeting); }
""",
        "type:Greeting enum:Color method:Greet interface:Greeter",
    ),
    "purescript": (
        "a.purs",
        """\
module Space where
data Greeter = Greeter String
greet :: Greeter -> String
greet g = hello g
""",
        "type:Greeter function:greet",
    ),
    "python": (
        "a.py",
        """\
class Greeter:
    def greet(self, name):
        return hello(name)

LIMIT = 3

def hello(name): ...
""",
        "class:Greeter function:greet constant:LIMIT function:hello",
    ),
    "r": (
        "a.r",
        """\
greet <- function(n) {
  hello(n)
}
hello = function(n) n
""",
        "function:greet function:hello",
    ),
    "racket": (
        "a.rkt",
        """\
#lang racket
(define (greet n) (hello n))
(struct point (x y))
""",
        "function:greet struct:point",
    ),
    "rego": (
        "a.rego",
        """\
package space
allow { hello(input) }
hello(n) = true { n }
""",
        "function:allow function:hello",
    ),
    "ruby": (
        "a.rb",
        """\
module Space
  LIMIT = 3
  class Greeter < Base
    def greet(n)
      hello(n)
    end
    def self.make; end
  end
end
""",
        "module:Space constant:LIMIT class:Greeter method:greet method:make",
    ),
    "rust": (
        "a.rs",
        """\
pub struct Greeter { name: String }
pub enum Color { Red }
pub trait Named { fn name(&self); }
impl Greeter { pub fn greet(&self) { hello(1) } }
pub fn hello(n: u8) {}
const LIMIT: u8 = 3;
type Id = u8;
""",
        "struct:Greeter enum:Color interface:Named function:name impl:Greeter function:greet function:hello constant:LIMIT"
        " type:Id",
    ),
    "scala": (
        "a.scala",
        """\
class Greeter extends Named {
  def greet(n: String): Unit = hello(n)
}
trait Named
object Single { val limit = 3 }
case class Point(x: Int)
""",
        "class:Greeter function:greet interface:Named class:Single constant:limit class:Point",
    ),
    "scheme": (
        "a.scm",
        """\
(define (greet n) (hello n))
(define limit 3)
""",
        "function:greet constant:limit",
    ),
    "scss": (
        "a.scss",
        """\
@mixin loud($n) { color: $n; }
@function twice($n) { @return $n * 2; }
.greeter { @include loud(red); }
$limit: 3;
""",
        "function:loud function:twice class:greeter",
    ),
    "smithy": (
        "a.smithy",
        """\
$version: "2"
namespace space
structure Greeting { color: Color }
enum Color { RED }
""",
        "struct:Greeting enum:Color",
    ),
    "solidity": (
        "a.sol",
        """\
contract Greeter is Named {
  event Said(string n);
  function greet(string memory n) public { hello(n); }
}
interface Named {}
library Tools {}
struct Point { uint x; }
""",
        "class:Greeter event:Said function:greet interface:Named module:Tools struct:Point",
    ),
    "sql": (
        "a.sql",
        """\
CREATE TABLE greeters (id int);
CREATE VIEW loud AS SELECT * FROM greeters;
CREATE FUNCTION hello() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql;
""",
        "table:greeters table:loud function:hello",
    ),
    "starlark": (
        "a.bzl",
        """\
def greet(n):
    hello(n)

LIMIT = 3
""",
        "function:greet constant:LIMIT",
    ),
    "swift": (
        "a.swift",
        """\
class Greeter: Named {
  func greet(_ n: String) { hello(n) }
}
struct Point { let x: Int }
enum Color { case red }
protocol Named { func name() }
func hello(_ n: String) {}
typealias Id = String
""",
        "class:Greeter function:greet class:Point class:Color interface:Named function:name function:hello type:Id",
    ),
    "tcl": (
        "a.tcl",
        """\
proc greet {n} {
  hello $n
}
""",
        "function:greet",
    ),
    "thrift": (
        "a.thrift",
        """\
struct Greeting { 1: Color color }
enum Color { RED }
service Greeter { void greet(1: Greeting g) }
""",
        "struct:Greeting enum:Color interface:Greeter method:greet",
    ),
    "tsx": (
        "a.tsx",
        """\
export function Button(p: Props) { return <Label text={p.text} /> }
interface Props { text: string }
const Label = (p: Props) => <b>{p.text}</b>
""",
        "function:Button interface:Props constant:Label",
    ),
    "twig": (
        "a.twig",
        """\
{% macro greet(n) %}{{ n }}{% endmacro %}
{% block main %}{% endblock %}
""",
        "function:greet",
    ),
    "typescript": (
        "a.ts",
        """\
export interface Named { name: string }
type Id = string
enum Color { Red }
export abstract class Greeter implements Named { greet(n: Id): void { hello(n) } }
export function hello(n: Id) {}
export const shout = (n: Id) => hello(n)
namespace Inner { }
""",
        "interface:Named type:Id enum:Color class:Greeter method:greet function:hello constant:shout module:Inner",
    ),
    "v": (
        "a.vv",
        """\
struct Greeter { name string }
fn greet(n string) { hello(n) }
""",
        "struct:Greeter function:greet",
    ),
    "verilog": (
        "a.v",
        """\
module greeter(input a, output b);
  assign b = a;
endmodule
""",
        "module:greeter",
    ),
    "vhdl": (
        "a.vhdl",
        """\
entity greeter is
  port (a : in bit);
end entity;
architecture rtl of greeter is
begin
end architecture;
""",
        "class:greeter module:rtl",
    ),
    "vim": (
        "a.vim",
        """\
function! Greet(n)
  call Hello(a:n)
endfunction
""",
        "function:Greet",
    ),
    "wgsl": (
        "a.wgsl",
        """\
struct Point { x: f32 }
fn greet(n: f32) -> f32 { return hello(n); }
""",
        "struct:Point function:greet",
    ),
    "zig": (
        "a.zig",
        """\
const Greeter = struct {
    name: u8,
    pub fn greet(self: Greeter) void { hello(1); }
};
fn hello(n: u8) void {}
""",
        "constant:Greeter function:greet function:hello",
    ),
}
